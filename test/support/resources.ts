import { expect } from "vitest";

const KINDS = /^(TCP|TLS|Pipe|FS|File|Dir)/;

function openResources(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => KINDS.test(kind))
    .toSorted();
}

/** Remembers what the process holds open. Call the result when it should hold no more than that: it waits for it. */
export function watchResources(): () => Promise<void> {
  const before = openResources();
  return () => expect.poll(openResources, { timeout: 5000 }).toEqual(before);
}
