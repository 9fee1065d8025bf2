import { quoted, termsOf } from "../../view/where-terms.js";

/** Nodes that are shown one level finer: their ids, as the API's `open` has them. */
function openedIds(open: string): readonly string[] {
  if (open === "") return [];
  try {
    return termsOf(`open:${open}`)[0]?.values ?? [];
  } catch {
    return [];
  }
}

export function withOpened(open: string, id: string): string {
  return textOf([...openedIds(open).filter((other) => other !== id), id]);
}

/** Without what was opened within it, too: opened again, it is as it was at first. */
export function withoutOpened(open: string, id: string): string {
  return textOf(openedIds(open).filter((other) => other !== id && !other.startsWith(`${id} `)));
}

function textOf(ids: readonly string[]): string {
  return ids.map(quoted).join(",");
}
