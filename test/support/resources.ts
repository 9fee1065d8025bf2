import { expect } from "vitest";

const KINDS = /^(TCP|TLS|Pipe|FS|File|Dir)/;

function countResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (KINDS.test(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** Remembers what the process holds open. Call the result when it should hold no more than that: it waits for it. */
export function watchResources(): () => Promise<void> {
  const before = countResources();
  const left = () => [...countResources()].filter(([kind, count]) => count > (before.get(kind) ?? 0));
  return () => expect.poll(left).toEqual([]);
}
