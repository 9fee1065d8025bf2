import type { Point } from "./graph-map.js";

/** The line through points as SVG path data: each piece leaves and arrives level. */
export function pathOf(points: readonly Point[]): string {
  let path = "";
  let before: Point | undefined;
  for (const point of points) {
    const { x, y } = point;
    if (before === undefined) path = `M${x} ${y}`;
    else if (before.y === y) path += `H${x}`;
    else {
      const middle = Math.round(5 * (before.x + x)) / 10;
      path += `C${middle} ${before.y} ${middle} ${y} ${x} ${y}`;
    }
    before = point;
  }
  return path;
}
