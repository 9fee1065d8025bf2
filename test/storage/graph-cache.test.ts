import { expect, test } from "vitest";
import { CACHED_GRAPH_BYTES, type FileState, GraphCache } from "../../src/storage/graph-cache.js";
import { graphId } from "../support/graph-id.js";

const LONG_AGO = BigInt(Date.now() - 3_600_000);

/** What a file tells that was written an hour ago. */
function statsOf(differing: Partial<FileState> = {}): FileState {
  const nanoseconds = LONG_AGO * 1_000_000n;
  const written = {
    dev: 1n,
    ino: 2n,
    size: 3n,
    mtimeNs: nanoseconds,
    ctimeNs: nanoseconds,
    ctimeMs: LONG_AGO,
  };
  return { ...written, ...differing };
}

function graph(size = 100) {
  const info = { encoding: "gzip", size, modified: new Date(0), version: String(size) } as const;
  return { info, graph: { ...info, body: Buffer.alloc(size, size) } };
}

test("a graph is given for as long as its file is the same", () => {
  const cache = new GraphCache();
  const kept = graph();
  cache.set(graphId(1), statsOf(), kept);
  expect(cache.get(graphId(1), statsOf())?.graph).toBe(kept.graph);
  expect(cache.get(graphId(2), statsOf())).toBeUndefined();
  expect(cache.get(graphId(1), statsOf())?.info).toBe(kept.info);
});

test.each([
  ["inode", { ino: 7n }],
  ["device", { dev: 7n }],
  ["size", { size: 7n }],
  ["time of writing", { mtimeNs: 7n }],
  ["time of renaming", { ctimeNs: 7n }],
])("another %s is another file", (_, differing) => {
  const cache = new GraphCache();
  cache.set(graphId(1), statsOf(), graph());
  expect(cache.get(graphId(1), statsOf(differing))).toBeUndefined();
  // Nor is the first remembered any longer.
  expect(cache.get(graphId(1), statsOf())).toBeUndefined();
});

test("a file that was put there just now isn't remembered: the next may look the same", () => {
  const cache = new GraphCache();
  cache.set(graphId(1), statsOf({ ctimeMs: BigInt(Date.now()) }), graph());
  expect(cache.get(graphId(1), statsOf())).toBeUndefined();
});

test("memory is bounded, and those asked for last stay", () => {
  const cache = new GraphCache();
  const largest = graph(CACHED_GRAPH_BYTES);
  for (let n = 1; n <= 200; n++) {
    cache.set(graphId(n), statsOf(), largest);
    expect(cache.get(graphId(1), statsOf())).toBeDefined();
  }
  const kept = Array.from({ length: 200 }, (_, n) => cache.get(graphId(n + 1), statsOf())).filter(Boolean);
  expect(kept.length).toBe(64);
});
