import type { GraphView, Link } from "../state/answers.js";
import { sentBytes } from "../state/texts.js";

/** What was carried in one of the parts that `active` tells of. */
export interface Part {
  bytes: number;
  /** Conversations that were rejected, at least in part. */
  rejected: number;
}

/**
 * Bytes and rejections over the window. Of a conversation it is known when it was active, not how much it carried when: its
 * bytes are spread evenly over these parts. Undefined where the graph has no times.
 */
export function activityOf({ links, other }: Pick<GraphView, "links" | "other">): Part[] | undefined {
  const all = [...links, ...other].filter((link) => link.active !== undefined);
  const length = Math.max(0, ...all.map(({ active = "" }) => active.length));
  if (length === 0) return undefined;
  const parts = Array.from({ length }, (): Part => ({ bytes: 0, rejected: 0 }));
  for (const link of all) addTo(parts, link);
  return parts;
}

function addTo(parts: readonly Part[], link: Link): void {
  const { active = "", rejectedRows } = link;
  const count = active.split("1").length - 1;
  if (count === 0) return;
  const bytes = sentBytes(link) / count;
  for (const [at, part] of parts.entries()) {
    // The first part is the last digit.
    if (active[active.length - 1 - at] !== "1") continue;
    part.bytes += bytes;
    part.rejected += rejectedRows;
  }
}
