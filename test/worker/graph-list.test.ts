import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Marker } from "../../src/marker/marker.js";
import type { Storage } from "../../src/storage/storage.js";
import { Life } from "../support/life.js";
import { never, Process, Stores, TIMEOUT_MS, window } from "../support/processes.js";
import { scopeOf } from "../../src/scope.js";
import { TimeWindow } from "../../src/window.js";
import { eventually } from "../support/eventually.js";
import { unfenced } from "../support/store-options.js";
import { someEdges } from "../support/some-edges.js";

let stores: Stores;
let processes: Process[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] });
  stores = new Stores();
  processes = [];
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(processes.map(({ service }) => service.stop()));
});

/** A process over the stores all share, which lives for so many of their calls. */
function processOf(life: Life): Process {
  const process = new Process(
    {
      queue: stores.queue,
      storage: life.of<Storage>(stores.storage),
      marker: life.of<Marker>(stores.marker),
    },
    {},
    { digest: async () => ({ edges: someEdges(1, 10), counts: {} }) },
  );
  processes.push(process);
  return process;
}

async function listed(by: Process) {
  const page = await by.service.list({ limit: 10 }, never);
  return page?.graphs ?? [];
}

/** Requests the graph and works its job, if there is one by then. */
async function make(by: Process, refresh: boolean): Promise<void> {
  await by.service.request(window, refresh).catch(() => undefined);
  for (const job of stores.queue.jobs) await by.service.produce(job).catch(() => undefined);
}

/** Kills a process before each call of a work in turn, until it lives to its end. */
async function killedEverywhere(
  work: (by: Process) => Promise<unknown>,
  { before, after }: { before: () => Promise<void>; after: (calls: number) => Promise<void> },
): Promise<number> {
  for (let calls = 0; ; calls++) {
    stores = new Stores();
    await before();
    const life = new Life(calls);
    await work(processOf(life)).catch(() => undefined);
    if (!life.ended) return calls;
    vi.advanceTimersByTime(TIMEOUT_MS + 1);
    await after(calls);
  }
}

const immortal = () => processOf(new Life(Number.POSITIVE_INFINITY));

describe.each([
  ["for the first time", false],
  ["again", true],
])("a process that makes a graph %s is killed before any of its calls", (_, refresh) => {
  test("once its job has been done, the graph is there with its entry, or neither", async () => {
    const calls = await killedEverywhere((by) => make(by, refresh), {
      before: async () => {
        if (refresh) await make(immortal(), false);
        stores.queue.jobs.length = 0;
      },
      after: async () => {
        const other = immortal();
        // What a bus, or a survey of claims, does: the job is delivered again.
        for (const job of stores.queue.jobs) await other.service.produce(job).catch(() => undefined);
        const graph = await stores.storage.head(window.id, never);
        const entry = await stores.storage.entries.get(window, never);
        expect(entry?.size).toBe(graph?.size);
        if (graph !== undefined) expect(entry).toMatchObject({ edges: 10, nodes: 11, table: true });
        expect(await listed(other)).toHaveLength(graph === undefined ? 0 : 1);
      },
    });
    expect(calls).toBeGreaterThan(10);
  });
});

test("a process that clears away what is left of a graph is killed before any of its calls: the next one ends it", async () => {
  const calls = await killedEverywhere(listed, {
    before: async () => {
      await make(immortal(), false);
      // A rule of the bucket, or somebody, removed the graph alone.
      await stores.storage.remove(window.id, never);
    },
    after: async () => {
      expect(await listed(immortal())).toEqual([]);
      expect(await stores.storage.entries.get(window, never)).toBeUndefined();
      // Lapsed by now, and as good as absent.
      expect([undefined, "held"]).toContain((await stores.claim())?.state);
    },
  });
  expect(calls).toBeGreaterThan(5);
});

test("who clears away leaves a graph that was made meanwhile", async () => {
  const by = immortal();
  await make(by, false);
  const size = (await stores.storage.head(window.id, never))?.size ?? 0;
  await stores.storage.remove(window.id, never);
  const creating = by.marker.next("create");
  const listing = listed(by);
  const held = await creating;
  stores.queue.jobs.length = 0;
  await make(immortal(), false);
  held.pass();
  expect(await listing).toEqual([]);
  expect(await listed(by)).toMatchObject([{ id: window.id, size, edges: 10 }]);
});

test("an entry that is lost is written again by who meets the graph, once however many do", async () => {
  const by = immortal();
  await make(by, false);
  await stores.storage.entries.remove(window, never);
  const other = immortal();
  const put = vi.spyOn(stores.storage.entries, "put");
  await Promise.all(Array.from({ length: 20 }, () => other.service.head(window, never)));
  await eventually(async () =>
    expect(await listed(other)).toMatchObject([{ edges: 10, nodes: 11, table: true }]),
  );
  expect(put).toHaveBeenCalledTimes(1);
});

test("a graph whose scope nobody knows is listed once somebody has named it, with its scope", async () => {
  const by = immortal();
  const scoped = window.within(scopeOf({ account: "111122223333" }));
  const { id, start, stop, scope } = scoped;
  await stores.storage.store(id, Readable.from([gzipSync("digraph {\n}\n")]), unfenced(never));
  await stores.storage.entries.put({ id, start, stop, size: 1 }, never);
  expect(await listed(by)).toEqual([]);
  await stores.storage.entries.remove(scoped, never);
  expect(await by.service.head(scoped, never)).toMatchObject({ state: "stored" });
  await eventually(async () => expect(await listed(by)).toMatchObject([{ id, start, stop, scope }]));
});

test("graphs of a scope are found among many others, page by page", async () => {
  const by = immortal();
  const scope = scopeOf({ vpc: "vpc-1" });
  const windows = Array.from({ length: 1500 }, (_, n) => {
    const [from, to] = [n, n + 1].map((hour) => new Date(Date.UTC(2019, 5, 1, hour)).toISOString());
    return TimeWindow.parse(from, to).within(n % 500 === 0 ? scope : undefined);
  });
  for (const { id, start, stop, scope } of windows) {
    const entry = { id, start, stop, size: 1, ...(scope !== undefined && { scope }) };
    await stores.storage.entries.put(entry, never);
    if (scope === undefined) continue;
    await stores.storage.store(id, Readable.from([gzipSync("digraph {\n}\n")]), unfenced(never));
  }
  const found: unknown[] = [];
  let after: string | undefined;
  do {
    const page = await by.service.list({ limit: 2, after, scope }, never);
    expect(page?.graphs.length).toBeLessThanOrEqual(2);
    found.push(...(page?.graphs ?? []).map(({ id }) => id));
    after = page?.next;
  } while (after !== undefined);
  expect(found).toEqual([1000, 500, 0].map((n) => windows[n]?.id));
});

test("how many findings a graph has is told beside its numbers once somebody asked, and dropped when it is made again", async () => {
  const by = immortal();
  await make(by, false);
  const outcome = await by.service.answer(
    { kind: "findings", limit: 20 },
    window,
    { named: [], earlier: [] },
    never,
  );
  if (outcome.state !== "stored") throw new Error(outcome.state);
  for await (const _ of await outcome.answer.pieces());
  await outcome.answer.close();
  const findings = { high: 0, medium: 0, low: 0 };
  await eventually(async () => expect(await listed(by)).toMatchObject([{ edges: 10, findings }]));
  stores.queue.jobs.length = 0;
  await make(by, true);
  expect((await listed(by))[0]).not.toHaveProperty("findings");
});
