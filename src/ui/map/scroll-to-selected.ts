const AIR = 24;

/**
 * Scrolls to what stands out, unless it is in view.
 *
 * @param nodes the boxes that are selected. They are in view, even if there is no room for their surroundings
 */
export function scrollToSelected(canvas: HTMLElement, nodes: ReadonlySet<string | undefined>): void {
  const shapes = [...canvas.querySelectorAll<SVGElement>(".lit, .selected, .box")];
  show(
    canvas,
    shapes.filter((shape) => shape.matches(".lit")),
  );
  show(
    canvas,
    shapes.filter((shape) => shape.matches(".selected") || nodes.has(shape.dataset["node"])),
  );
}

function show(canvas: HTMLElement, shapes: readonly Element[]): void {
  if (shapes.length === 0) return;
  const room = canvas.getBoundingClientRect();
  // As wide as the drawer, while it lies over the map.
  const padding = Number.parseFloat(getComputedStyle(canvas).paddingRight);
  const areas = shapes.map((shape) => shape.getBoundingClientRect());
  const left = Math.min(...areas.map((area) => area.left)) - room.left;
  const right = Math.max(...areas.map((area) => area.right)) - (room.right - padding);
  const top = Math.min(...areas.map((area) => area.top)) - room.top;
  const bottom = Math.max(...areas.map((area) => area.bottom)) - room.bottom;
  canvas.scrollBy(shift(left, right), shift(top, bottom));
}

/** How far to scroll, for what begins and ends so far beyond the edges. */
function shift(before: number, behind: number): number {
  if (before >= 0 && behind <= 0) return 0;
  const airy = before < 0 ? before - AIR : Math.min(before - AIR, behind + AIR);
  // Without air where it just fits. Its beginning rather than its end, where there is no room for both.
  return Math.min(before, Math.max(behind, airy));
}
