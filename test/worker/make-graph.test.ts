import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import { bigInt64At } from "../../src/edges/int64.js";
import { CorruptInputError, DependencyError } from "../../src/errors.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { EdgeStorage, Storage } from "../../src/storage/storage.js";
import { makeGraph } from "../../src/worker/make-graph.js";
import { openGraph } from "../../src/answer/open-graph.js";
import { readGraph } from "../../src/answer/read-graph.js";
import { bytesOf } from "../support/bytes-of.js";
import { Gates } from "../support/gates.js";
import { never, window } from "../support/processes.js";
import { someEdges } from "../support/some-edges.js";

const { id } = window;
const signal = never;
const fenced = { signal, beforeCommit: async () => undefined, maxDigestBytes: 1_000_000, keepEdges: true };

/** A storage of which a test may hold any step. */
function gated() {
  const real = new MemoryStorage();
  const graphs = new Gates<Storage>(real);
  const edges = new Gates<EdgeStorage>(real.edges);
  const storage: Storage = {
    head: (id, signal) => graphs.module.head(id, signal),
    get: (id, signal) => graphs.module.get(id, signal),
    store: (id, body, options) => graphs.module.store(id, body, options),
    edges: edges.module,
  };
  return { real, storage, graphs, edges };
}

let { real, storage, graphs, edges } = gated();
beforeEach(() => ({ real, storage, graphs, edges } = gated()));

const make = (making: number, options: Partial<typeof fenced> = {}, failure?: Error) =>
  makeGraph(window, { edges: someEdges(making, 3000, failure), counts: { records: making } }, storage, {
    ...fenced,
    ...options,
  });

/** The packets of each edge, and what they were read from. */
async function read(from: Storage = real) {
  const graph = await openGraph(from, id, signal);
  if (graph === undefined) return undefined;
  const packets = new Set<bigint>();
  let rows = 0;
  for await (const batch of (await readGraph(graph.bytes, { signal })).batches) {
    for (let row = 0; row < batch.rows; row++) packets.add(bigInt64At(batch.packets, row));
    rows += batch.rows;
  }
  await graph.close();
  return { packets: [...packets], rows, counts: graph.metadata?.counts };
}

function bodyOf(bytes: Buffer | undefined): Readable {
  return Readable.from([bytes ?? Buffer.alloc(0)], { objectMode: false });
}

async function dot(): Promise<string> {
  const stored = await real.get(id, signal);
  return stored === undefined ? "" : gunzipSync(await bytesOf(stored.body)).toString();
}

test("edges are kept beside the graph, of the same making, with the window and the counts of the job", async () => {
  expect(await make(7)).toMatchObject({ stats: { edges: 3000, nodes: 3001 }, hasEdges: true });
  expect(await read()).toEqual({ packets: [7n], rows: 3000, counts: { records: 7 } });
  const opened = await openGraph(real, id, signal);
  expect(opened?.metadata?.window.startDate).toEqual(window.startDate);
  await opened?.close();
});

test("the graph is the same, with edges and without", async () => {
  await make(7);
  const withEdges = await dot();
  await make(7, { keepEdges: false });
  expect(await dot()).toBe(withEdges);
});

test("a storage that keeps graphs alone is enough: edges are read from the DOT then, which tells less", async () => {
  const plain: Storage = {
    head: (id, signal) => real.head(id, signal),
    get: (id, signal) => real.get(id, signal),
    store: (id, body, options) => real.store(id, body, options),
  };
  await makeGraph(window, { edges: someEdges(7, 3000) }, plain, fenced);
  expect(await read(plain)).toEqual({ packets: [7n], rows: 3000, counts: undefined });
});

describe("the graph appears last", () => {
  test("edges are stored by then, and not before the graph is complete", async () => {
    const storingEdges = edges.next("store");
    const storingGraph = graphs.next("store");
    const made = make(7);
    const graph = await storingGraph;
    (await storingEdges).pass();
    // All edges have been written, but the graph wasn't even begun to be stored.
    expect(await real.edges.open(id, signal)).toBeUndefined();
    graph.pass();
    await made;
    expect(await read()).toMatchObject({ packets: [7n], counts: { records: 7 } });
  });

  test("edges of another making than the graph's aren't used", async () => {
    await make(7, { keepEdges: false });
    const other = new MemoryStorage();
    await makeGraph(window, { edges: someEdges(8, 3000) }, other, fenced);
    const opened = await other.edges.open(id, signal);
    const bytes = await opened?.read(0, opened.size, signal);
    await real.edges.store(id, bodyOf(bytes), fenced);
    expect(await read()).toEqual({ packets: [7n], rows: 3000, counts: undefined });
  });
});

describe("what fails leaves the old graph with its edges", () => {
  const old = { packets: [1n], rows: 3000, counts: { records: 1 } };
  beforeEach(() => make(1));

  test("flow logs that are corrupt", async () => {
    const failure = new CorruptInputError("line 7");
    await expect(make(2, {}, failure)).rejects.toBe(failure);
    expect(await read()).toEqual(old);
  });

  test("a claim that was lost", async () => {
    const lost = new Error("the claim was lost");
    await expect(make(2, { beforeCommit: () => Promise.reject(lost) })).rejects.toBe(lost);
    expect(await read()).toEqual(old);
  });

  test("a job that is aborted", async () => {
    const stopping = new AbortController();
    const reason = new Error("stopping");
    const held = edges.next("store");
    const made = make(2, { signal: stopping.signal });
    (await held).pass();
    stopping.abort(reason);
    await expect(made).rejects.toBe(reason);
    expect(await read()).toEqual(old);
  });

  test.each(["edges", "graph"] as const)("a storage that fails to take the %s", async (which) => {
    const failure = new DependencyError("storage", "the disk is full");
    const held = which === "edges" ? edges.next("store") : graphs.next("store");
    const made = make(2);
    (await held).fail(failure);
    await expect(made).rejects.toBe(failure);
    expect(await read()).toEqual(old);
  });
});

test("a graph whose edges are damaged is a failure that says what to do", async () => {
  await make(7);
  const opened = await real.edges.open(id, signal);
  const bytes = Buffer.from((await opened?.read(0, opened.size, signal)) ?? []);
  bytes.fill(0xff, bytes.length - 40, bytes.length - 8);
  await real.edges.store(id, bodyOf(bytes), fenced);
  await expect(read()).rejects.toMatchObject({
    dependency: "storage",
    transient: false,
    message: expect.stringContaining("refresh=true") as unknown,
  });
});
