import type { Flag } from "../state/flags.js";

/** A triangle, or a diamond: no mark is known by its colour alone. */
export function Mark({ flag, x, y }: { flag: Flag; x: number; y: number }) {
  const path =
    flag === "flagged" ? `M${x} ${y - 5}l5.5 9.5h-11z` : `M${x} ${y - 5.5}l5.5 5.5l-5.5 5.5l-5.5-5.5z`;
  return <path class={`mark ${flag}`} d={path} />;
}
