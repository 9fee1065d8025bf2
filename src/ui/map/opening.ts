import { go, place } from "../state/place.js";
import { withOpened, withoutOpened } from "../state/open.js";

/** What was opened or closed, and where on the screen it was. It is there again once the map has changed. */
interface Moved {
  readonly node: string;
  readonly x: number;
  readonly y: number;
}

let moved: Moved | undefined;

/** Shows a node one level finer, at its place. */
export function open(node: string, from: Element): void {
  remember(node, from);
  go({ open: withOpened(place.value.open, node), selected: undefined });
}

/** Shows a node that was opened as a box again. */
export function close(node: string, from: Element): void {
  remember(node, from);
  go({ open: withoutOpened(place.value.open, node), selected: undefined });
}

function remember(node: string, from: Element): void {
  const { left, top } = from.getBoundingClientRect();
  moved = { node, x: left, y: top };
}

/** Scrolls to where it was, and gives it the focus that it lost with what it was. */
export function settle(canvas: HTMLElement): void {
  if (moved === undefined) return;
  const { node, x, y } = moved;
  const shape = [...canvas.querySelectorAll<SVGElement>("[data-node]")].find(
    (each) => each.dataset["node"] === node,
  );
  if (shape === undefined) return;
  moved = undefined;
  const { left, top } = shape.getBoundingClientRect();
  canvas.scrollBy(left - x, top - y);
  shape.querySelector<SVGElement>("[role=button]")?.focus({ preventScroll: true });
}
