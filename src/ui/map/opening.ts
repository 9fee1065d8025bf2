import { go, place } from "../state/place.js";
import { withOpened, withoutOpened } from "../state/open.js";

/** What was opened or closed, and where on the screen it was. It is there again once the map has changed. */
interface Moved {
  readonly node: string;
  readonly x: number;
  readonly y: number;
}

let moved: Moved | undefined;

/** What the first of two clicks was on. */
let clicked: (Moved & { readonly isFrame: boolean }) | undefined;

/** Shows a node one level finer, at its place. */
export function open(node: string, from: Element): void {
  change(placeOf(node, from), withOpened);
}

/** Shows a node that was opened as a box again. */
export function close(node: string, from: Element): void {
  change(placeOf(node, from), withoutOpened);
}

function change(from: Moved, opened: typeof withOpened): void {
  moved = from;
  go({ open: opened(place.value.open, from.node), selected: undefined });
}

function placeOf(node: string, shape: Element): Moved {
  const { left, top } = shape.getBoundingClientRect();
  return { node, x: left, y: top };
}

/**
 * A double click opens a box or closes a frame: the one that the first click was on. That click shows the drawer, and
 * the map makes way for it, so that the second may be on another box, or on the drawer.
 *
 * @returns ends it
 */
export function watchDoubleClicks(): () => void {
  const watch = new AbortController();
  const { signal } = watch;
  document.addEventListener("click", rememberClicked, { capture: true, signal });
  document.addEventListener("dblclick", openClicked, { signal });
  return () => watch.abort();
}

function rememberClicked({ detail, target }: MouseEvent): void {
  if (detail !== 1) return;
  const shape =
    target instanceof Element ? target.closest<SVGElement>(".frame, .box:has([aria-expanded])") : null;
  const node = shape?.dataset["node"];
  clicked =
    shape === null || node === undefined
      ? undefined
      : { ...placeOf(node, shape), isFrame: shape.matches(".frame") };
}

function openClicked(): void {
  if (clicked !== undefined) change(clicked, clicked.isFrame ? withoutOpened : withOpened);
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
