import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Marker } from "../../src/marker/marker.js";
import type { Storage } from "../../src/storage/storage.js";
import { Life } from "../support/life.js";
import { never, Process, Stores, TIMEOUT_MS, window } from "../support/processes.js";
import { eventually } from "../support/eventually.js";
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
    { digest: async () => ({ edges: someEdges(1, 10), counts: {} }) } as object,
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
      expect([undefined, "removing"]).toContain((await stores.claim())?.state);
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
