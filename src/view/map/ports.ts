import type { Area, Point } from "./graph-map.js";

interface InnerLine {
  /** Boxes. */
  readonly left: number;
  readonly right: number;
  /** From left to right, without the ends. */
  readonly points: readonly Point[];
}

/** How far from the corner of a box, and from each other, lines end. */
const CORNER = 12;
const USUAL_GAP = 13;
const LEAST_GAP = 8;

/** How high a box has to be for so many lines on one side. */
export function heightOfPorts(lines: number): number {
  return 2 * CORNER + Math.max(0, lines - 1) * LEAST_GAP;
}

/** Where lines begin and end at the sides of boxes: as level as there is room for, and in order, so that they don't cross. */
export function portsOf(
  boxes: readonly Area[],
  lines: readonly InnerLine[],
): readonly (readonly [Point, Point])[] {
  const starts = new Map<number, Point>();
  const ends = new Map<number, Point>();
  for (const [index, { x, y, width, height }] of boxes.entries()) {
    const leaving = lines.flatMap(({ left, points }, line) =>
      left === index ? [{ line, y: points[0]?.y ?? 0 }] : [],
    );
    const arriving = lines.flatMap(({ right, points }, line) =>
      right === index ? [{ line, y: points.at(-1)?.y ?? 0 }] : [],
    );
    for (const [line, at] of spread(leaving, y, height)) starts.set(line, { x: x + width, y: at });
    for (const [line, at] of spread(arriving, y, height)) ends.set(line, { x, y: at });
  }
  return lines.map(({ points }, line) => {
    const [first = { x: 0, y: 0 }] = points;
    return [starts.get(line) ?? first, ends.get(line) ?? points.at(-1) ?? first];
  });
}

function spread(
  wanted: readonly { readonly line: number; readonly y: number }[],
  top: number,
  height: number,
): [number, number][] {
  const sorted = wanted.toSorted((a, b) => a.y - b.y || a.line - b.line);
  const [least, most] = [top + CORNER, top + height - CORNER];
  const gap = sorted.length < 2 ? 0 : Math.min(USUAL_GAP, (most - least) / (sorted.length - 1));
  const ys: number[] = [];
  for (const [index, { y }] of sorted.entries()) {
    const before = ys[index - 1];
    ys.push(Math.max(least, y, before === undefined ? least : before + gap));
  }
  for (let index = ys.length - 1, limit = most; index >= 0; index--, limit -= gap) {
    const y = Math.min(ys[index] ?? 0, limit);
    ys[index] = y;
    limit = y;
  }
  return sorted.map(({ line }, index) => [line, ys[index] ?? 0]);
}
