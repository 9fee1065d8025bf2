import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { DependencyError } from "../../src/errors.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import type { Storage } from "../../src/storage/storage.js";
import { TimeWindow } from "../../src/window.js";
import { eventually } from "../support/eventually.js";
import { nthHour } from "../support/graph-id.js";
import { unfenced } from "../support/store-options.js";
import { graphOf, LINE, serve, type Serving } from "./serving.js";

const never = new AbortController().signal;

const Page = z.object({
  graphs: z.array(
    z.looseObject({ id: z.string(), window: z.object({ start: z.string(), stop: z.string() }) }),
  ),
  next: z.string().optional(),
  unlisted: z.number().optional(),
});

async function listed({ call }: Serving, query = ""): Promise<z.infer<typeof Page>> {
  const answer = await call("GET", `/graphs${query}`);
  expect(answer.status).toBe(200);
  return Page.parse(JSON.parse(answer.body.toString()));
}

async function make({ call }: Serving, window: TimeWindow, query = ""): Promise<void> {
  // The claim of the job before may be held for a moment after its graph is there.
  await eventually(async () =>
    expect(await call("POST", graphOf(window) + query)).toMatchObject({ status: 202 }),
  );
  await eventually(async () => expect(await call("GET", graphOf(window))).toMatchObject({ status: 200 }));
}

function plant({ storage }: Serving, window: TimeWindow): Promise<void> {
  return storage.store(window.id, Readable.from([gzipSync("digraph {\n}\n")]), unfenced(never));
}

test("graphs that were made are listed with their numbers, the latest window first", async () => {
  const serving = await serve();
  expect(await listed(serving)).toEqual({ graphs: [], unlisted: 0 });
  serving.digesterd.body = LINE + LINE.replace("10.0.0.2", "10.0.0.3").replace("ACCEPT", "REJECT");
  await make(serving, nthHour(1));
  serving.digesterd.body = "2 1 eni-1 - - - - - - - 1 2 - SKIPDATA\n";
  await make(serving, nthHour(2));
  const { graphs, ...rest } = await eventually(async () => {
    const page = await listed(serving);
    expect(page.graphs).toHaveLength(2);
    return page;
  });
  expect(rest).toEqual({ unlisted: 0 });
  const dot = await serving.call("GET", graphOf(nthHour(1)));
  const made = new Date(String(dot.headers["last-modified"])).getTime();
  expect(graphs).toMatchObject([
    { id: nthHour(2).id, edges: 0, nodes: 0, incomplete: true, table: false },
    {
      id: nthHour(1).id,
      window: { start: nthHour(1).start, stop: nthHour(1).stop },
      nodes: 3,
      edges: 2,
      rejected: 1,
      bytes: dot.body.length,
      incomplete: false,
    },
  ]);
  const { made: told } = z.object({ made: z.string() }).parse(graphs[1]);
  expect(Math.abs(Date.parse(told) - made)).toBeLessThanOrEqual(1000);
});

test("what is made again has its new numbers", async () => {
  const serving = await serve();
  await make(serving, nthHour(1));
  serving.digesterd.body = LINE + LINE.replace("10.0.0.2", "10.0.0.9");
  await make(serving, nthHour(1), "&refresh=true");
  await eventually(async () => expect((await listed(serving)).graphs).toMatchObject([{ edges: 2 }]));
});

test("pages, and windows by their end", async () => {
  const serving = await serve();
  for (const n of [1, 2, 3, 4]) {
    await plant(serving, nthHour(n));
    await serving.call("HEAD", graphOf(nthHour(n)));
  }
  await eventually(async () => expect((await listed(serving)).graphs).toHaveLength(4));
  const first = await listed(serving, "?limit=3");
  expect(first.graphs.map(({ id }) => id)).toEqual([4, 3, 2].map((n) => nthHour(n).id));
  const second = await listed(serving, `?limit=3&after=${first.next}`);
  expect(second.graphs.map(({ id }) => id)).toEqual([nthHour(1).id]);
  expect(second).not.toHaveProperty("next");
  // Told once, on the first page.
  expect([first.unlisted, second.unlisted]).toEqual([0, undefined]);
  const between = await listed(serving, `?from=${nthHour(2).stop}&to=${nthHour(3).stop}`);
  expect(between.graphs.map(({ id }) => id)).toEqual([nthHour(3).id]);
});

test("a graph that another service left is counted, and listed once its window is named", async () => {
  const serving = await serve();
  await plant(serving, nthHour(1));
  await plant(serving, nthHour(2));
  expect(await listed(serving)).toEqual({ graphs: [], unlisted: 2 });
  expect(await serving.call("GET", graphOf(nthHour(1)))).toMatchObject({ status: 200 });
  await eventually(async () => expect((await listed(serving)).graphs).toMatchObject([{ id: nthHour(1).id }]));
  const again = await serving.call("POST", graphOf(nthHour(2)));
  expect(again.status).toBe(409);
  await eventually(async () => expect((await listed(serving)).graphs).toHaveLength(2));
});

test("an entry whose graph is gone is removed when it is met, and what else is left of the graph", async () => {
  const serving = await serve();
  const { storage, marker } = serving;
  const { id, start, stop } = nthHour(1);
  await storage.entries.put({ id, start, stop, size: 1 }, never);
  await storage.edges.store(id, Readable.from([Buffer.alloc(10)]), unfenced(never));
  expect((await listed(serving)).graphs).toEqual([]);
  expect(await storage.entries.get({ id, start, stop }, never)).toBeUndefined();
  expect(await marker.read(id, never)).toBeUndefined();
  await plant(serving, nthHour(1));
  expect(await storage.edges.open(id, never)).toBeUndefined();
});

test("an entry whose graph is being made stays", async () => {
  const serving = await serve();
  const { storage } = serving;
  const { id, start, stop } = nthHour(1);
  serving.digesterd.polls = Number.POSITIVE_INFINITY;
  await serving.call("POST", graphOf(nthHour(1)));
  await storage.entries.put({ id, start, stop, size: 1 }, never);
  expect((await listed(serving)).graphs).toEqual([]);
  expect(await storage.entries.get({ id, start, stop }, never)).toBeDefined();
});

test("an entry of another making tells none of its numbers", async () => {
  const serving = await serve();
  const { id, start, stop } = nthHour(1);
  await plant(serving, nthHour(1));
  await serving.storage.entries.put({ id, start, stop, size: 1, edges: 99 }, never);
  const { graphs } = await listed(serving);
  expect(graphs).toHaveLength(1);
  expect(graphs[0]).not.toHaveProperty("edges");
});

describe("a wrong parameter is named", () => {
  test.each([
    ["?from=yesterday", 'from must be an RFC 3339 time such as 2019-06-01T00:00:00Z, not "yesterday"'],
    ["?to=2019-06-01", 'to must be an RFC 3339 time such as 2019-06-01T00:00:00Z, not "2019-06-01"'],
    ["?from=2019-06-01T00:00:00Z&to=2019-06-01T00:00:00Z", "from must be before to"],
    ["?limit=0", "limit must be a whole number from 1 to 1000"],
    ["?limit=1001", "limit must be a whole number from 1 to 1000"],
    ["?limit=1&limit=2", "limit must be given once"],
    ["?after=x", "after must be the value of next in the page before"],
    ["?form=x", 'unknown parameter "form": expected some of from, to, limit, after, account, region, vpc'],
    ["?account=12", /^account must be an account id of 12 digits/],
    ["?vpc=vpc-1&vpc=vpc-2", "vpc must be given once, with commas between several"],
  ] as const)("%s", async (query, message) => {
    const serving = await serve();
    const answer = await serving.call("GET", `/graphs${query}`);
    expect(answer.status).toBe(400);
    if (typeof message === "string") expect(answer.message).toBe(message);
    else expect(answer.message).toMatch(message);
  });
});

test("a storage that keeps no list goes on working, and the answer says why there is none", async () => {
  const memory = new MemoryStorage();
  const storage: Storage = {
    head: (id, signal) => memory.head(id, signal),
    get: (id, signal) => memory.get(id, signal),
    store: (id, body, options) => memory.store(id, body, options),
  };
  const serving = await serve({}, { storage });
  await make(serving, nthHour(1));
  const answer = await serving.call("GET", "/graphs");
  expect([answer.status, answer.message]).toEqual([
    501,
    "the storage of this service keeps no list of its graphs",
  ]);
});

test("a storage that fails to keep the list costs no graph", async () => {
  const storage = new MemoryStorage();
  const broken = new DependencyError("storage", "denied", { transient: false });
  storage.entries.put = () => Promise.reject(broken);
  const serving = await serve({}, { storage });
  await make(serving, nthHour(1));
  expect((await listed(serving)).graphs).toEqual([]);
  storage.entries.list = () => Promise.reject(broken);
  expect(await serving.call("GET", "/graphs")).toMatchObject({ status: 500 });
});

test("GRAPH_RETENTION: a graph that is too old goes, from the list too, and a younger one stays", async () => {
  const storage = new MemoryStorage();
  const hour = Math.floor(Date.now() / 3_600_000);
  const at = (ago: number) => new Date((hour - ago) * 3_600_000).toISOString();
  const [old, young] = [TimeWindow.parse(at(30), at(29)), TimeWindow.parse(at(3), at(2))];
  for (const { id, start, stop } of [old, young]) {
    await storage.store(id, Readable.from([gzipSync("digraph {\n}\n")]), unfenced(never));
    await storage.entries.put({ id, start, stop, size: 1 }, never);
  }
  const serving = await serve({ GRAPH_RETENTION: "24h" }, { storage });
  await eventually(async () =>
    expect(await serving.call("GET", graphOf(old))).toMatchObject({ status: 404 }),
  );
  await eventually(async () => expect((await listed(serving)).graphs).toMatchObject([{ id: young.id }]));
});
