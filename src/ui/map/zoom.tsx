import { signal } from "@preact/signals";

/** How large the map is drawn; 1: as wide as there is room, unless it couldn't be read then. */
const zoom = signal(1);

const STEP = 1.25;
const LEAST = 0.4;
const MOST = 4;
/** Below this its letters are too small. */
const READABLE = 0.72;
/** Beyond this they are large for nothing. */
const LARGE = 1.15;

/** As CSS has it. */
export function fitWidth(width: number): string {
  const px = (scale: number) => `${Math.round(width * scale * zoom.value)}px`;
  // Of the stage rather than of what a drawer leaves of it: nothing moves below the pointer when one opens.
  return `clamp(${px(READABLE)}, ${Math.round(100 * zoom.value)}cqw - 40px, ${px(LARGE)})`;
}

function change(factor: number): void {
  zoom.value = Math.min(MOST, Math.max(LEAST, zoom.value * factor));
}

export function Zoom() {
  return (
    <div class="zoom" role="group" aria-label="Size of the map">
      <button type="button" class="button" aria-label="Smaller" onClick={() => change(1 / STEP)}>
        −
      </button>
      <button
        type="button"
        class="button"
        onClick={() => {
          zoom.value = 1;
        }}
      >
        {Math.round(100 * zoom.value)}%<span class="hidden">: back to the usual size</span>
      </button>
      <button type="button" class="button" aria-label="Larger" onClick={() => change(STEP)}>
        +
      </button>
    </div>
  );
}
