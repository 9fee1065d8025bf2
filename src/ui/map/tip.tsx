import type { MapBox, MapLine } from "../../view/map/graph-map.js";

/** A place in the browser's window. */
export interface At {
  readonly x: number;
  readonly y: number;
}

export interface Tipped extends At {
  /** Its lines. None: only what it is on stands out. */
  readonly text: string;
  readonly line?: MapLine;
  readonly box?: MapBox;
}

const WIDTH = 340;
const GAP = 14;

/** All that there is to say of what is pointed at. Screen readers have it as its name. */
export function Tip({ tipped }: { tipped: Tipped | undefined }) {
  if (tipped === undefined || tipped.text === "") return null;
  const [ends = "", ...lines] = tipped.text.split("\n");
  const left = Math.max(8, Math.min(tipped.x + GAP, innerWidth - WIDTH - GAP));
  const isLow = tipped.y > innerHeight / 2;
  const beside = isLow ? { bottom: innerHeight - tipped.y + GAP } : { top: tipped.y + GAP };
  return (
    <div class="tip" aria-hidden="true" style={{ left, maxWidth: WIDTH, ...beside }}>
      <strong>{ends}</strong>
      {lines.map((line) => (
        <span key={line}>{line}</span>
      ))}
    </div>
  );
}
