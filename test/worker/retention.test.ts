import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keyOf } from "../../src/entry.js";
import type { Marker } from "../../src/marker/marker.js";
import type { Storage } from "../../src/storage/storage.js";
import type { GraphRef, TimeWindow } from "../../src/window.js";
import { Claims } from "../../src/worker/claims.js";
import { GraphList } from "../../src/worker/graph-list.js";
import { Retention } from "../../src/worker/retention.js";
import { bytesOf } from "../support/bytes-of.js";
import { nthHour } from "../support/graph-id.js";
import { Life } from "../support/life.js";
import { never, Stores, TIMEOUT_MS } from "../support/processes.js";
import { unfenced } from "../support/store-options.js";

const ended = nthHour(2).stopDate;

let stores: Stores;
let removed: GraphRef[];
let failures: unknown[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  stores = new Stores();
  [removed, failures] = [[], []];
});
afterEach(() => vi.useRealTimers());

function onFailure(_: unknown, error: unknown): void {
  failures.push(error);
}

/** Of a process that lives for so many calls of the stores. */
function retention(lives = Number.POSITIVE_INFINITY): Retention {
  const life = new Life(lives);
  const claims = new Claims(life.of<Marker>(stores.marker), { timeoutMs: TIMEOUT_MS });
  return new Retention({
    list: new GraphList({ storage: life.of<Storage>(stores.storage), claims, onFailure }),
    retentionMs: undefined,
    onRemoved: (ref) => void removed.push(ref),
    onFailure,
  });
}

async function put(window: TimeWindow): Promise<void> {
  const { id, start, stop } = window;
  const { storage } = stores;
  await storage.store(id, Readable.from([gzipSync("digraph {\n}\n")]), unfenced(never));
  await storage.edges.store(id, Readable.from([Buffer.alloc(10)]), unfenced(never));
  await storage.entries.put({ id, start, stop, size: 1 }, never);
}

/** What is there of each of the first four hours: graph, edges and entry. */
async function there(): Promise<string[]> {
  const { storage } = stores;
  return Promise.all(
    [1, 2, 3, 4].map(async (n) => {
      const window = nthHour(n);
      const graph = await storage.head(window.id, never);
      const entry = await storage.entries.get(window, never);
      // Edges are seen beside a graph alone.
      if (graph === undefined) await storage.store(window.id, Readable.from([gzipSync("")]), unfenced(never));
      const edges = await storage.edges.open(window.id, never);
      return [graph && "graph", edges && "edges", entry && "entry"].filter(Boolean).join();
    }),
  );
}

test("graphs whose window ended too long ago are removed with all that belongs to them, and no others", async () => {
  for (const n of [1, 2, 3, 4]) await put(nthHour(n));
  await retention().sweep(ended, never);
  expect(removed.map(keyOf)).toEqual([keyOf(nthHour(2)), keyOf(nthHour(1))]);
  expect(failures).toEqual([]);
  expect(await there()).toEqual(["", "", "graph,edges,entry", "graph,edges,entry"]);
  expect(await stores.marker.read(nthHour(1).id, never)).toBeUndefined();
});

test("what is being made, or will be, stays", async () => {
  for (const n of [1, 2]) await put(nthHour(n));
  const claims = new Claims(stores.marker, { timeoutMs: TIMEOUT_MS });
  await claims.request(nthHour(1), true, undefined, never);
  await claims.work({ window: nthHour(2), refresh: true, claim: undefined }, never);
  await retention().sweep(ended, never);
  vi.advanceTimersByTime(TIMEOUT_MS + 1);
  // Abandoned, and owed all the same.
  await retention().sweep(ended, never);
  expect(removed).toEqual([]);
  expect((await there()).slice(0, 2)).toEqual(["graph,edges,entry", "graph,edges,entry"]);
});

test("whoever is reading reads to the end", async () => {
  await put(nthHour(1));
  const graph = await stores.storage.get(nthHour(1).id, never);
  await retention().sweep(ended, never);
  expect(removed).toHaveLength(1);
  expect(await bytesOf(graph?.body ?? Buffer.alloc(0))).toEqual(gzipSync("digraph {\n}\n"));
});

test("of three processes one removes each", async () => {
  for (const n of [1, 2, 3, 4]) await put(nthHour(n));
  await Promise.all([1, 2, 3].map(() => retention().sweep(nthHour(4).stopDate, never)));
  expect(await there()).toEqual(["", "", "", ""]);
  expect(failures).toEqual([]);
});

test("a process that is killed before any of its calls leaves nothing that the next one doesn't end", async () => {
  let calls = 0;
  for (; calls === 0 || failures.length > 0; calls++) {
    stores = new Stores();
    failures = [];
    for (const n of [1, 2, 3]) await put(nthHour(n));
    await retention(calls).sweep(ended, never);
    vi.advanceTimersByTime(TIMEOUT_MS + 1);
    const killed = failures.length;
    await retention().sweep(ended, never);
    expect(failures).toHaveLength(killed);
    expect((await there()).slice(0, 3)).toEqual(["", "", "graph,edges,entry"]);
  }
  expect(calls).toBeGreaterThan(15);
});

test("a storage that can't remove graphs is a failure that says so", async () => {
  const memory = stores.storage;
  const storage: Storage = {
    head: (id, signal) => memory.head(id, signal),
    get: (id, signal) => memory.get(id, signal),
    store: (id, body, options) => memory.store(id, body, options),
  };
  const claims = new Claims(stores.marker, { timeoutMs: TIMEOUT_MS });
  const list = new GraphList({ storage, claims, onFailure });
  await new Retention({ list, retentionMs: 1, onRemoved: () => undefined, onFailure }).sweep(ended, never);
  expect(failures).toMatchObject([{ message: "the storage can't list and remove graphs" }]);
});
