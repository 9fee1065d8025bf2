import { readdirSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import type { Digest } from "../../../src/digester/digester.js";
import type { Plan } from "../../../src/digester/in-thread/plan.js";
import { ThreadedDigester } from "../../../src/digester/in-thread/threaded-digester.js";
import { Threads } from "../../../src/digester/in-thread/threads.js";
import { DependencyError } from "../../../src/errors.js";
import { DEFAULT_FORMAT } from "../../../src/flow-log/fields.js";
import { convertEdgesWithParquet } from "../../../src/graph/convert-edges.js";
import { serializeError } from "../../../src/telemetry/serialize-error.js";
import { TimeWindow } from "../../../src/window.js";
import { digesterOf, directoryOf } from "../flow-logs/digesting.js";

const NEVER = new AbortController().signal;
const WINDOW = TimeWindow.parse("2024-06-01T00:00:00Z", "2024-06-03T00:00:00Z");
const { id, startDate, stopDate, scope } = WINDOW;
const PLAIN = { id, startDate, stopDate, scope };
/** Plain, as a thread is given it. */
const AGES = { ...PLAIN, startDate: new Date(0), stopDate: new Date("2030-01-01T00:00:00Z") };
const LOGS = "test/fixtures/flow-logs";

function threadedDigester(place: Plan["place"]): ThreadedDigester {
  const format = { fields: DEFAULT_FORMAT, addresses: "interface" } as const;
  const digester = new ThreadedDigester({ place, options: { format, keysInMemory: 1_000_000 } });
  onTestFinished(() => digester.stop());
  return digester;
}

function converted(digest: Digest) {
  if (!("convert" in digest)) throw new Error("expected a digest that becomes a graph in its thread");
  let isRead = false;
  const conversion = digest.convert({ parquet: true, onRead: () => (isRead = true) });
  if (!("parquet" in conversion)) throw new Error("expected Parquet, as was asked for");
  return { ...conversion, isRead: () => isRead };
}

/** As it is logged, but for where it was thrown. */
function logged(error: unknown): unknown {
  return JSON.parse(
    JSON.stringify(serializeError(error), (key, value: unknown) => (key === "stack" ? undefined : value)),
  );
}

async function tableOf(digest: Digest): Promise<Buffer> {
  const { body, parquet } = converted(digest);
  // Both are read at once.
  body.resume();
  return buffer(parquet);
}

test("a thread gives the same bytes, counts and warnings as who does all of it here", async () => {
  const here = await digesterOf(LOGS).digest(WINDOW, NEVER);
  const expected = convertEdgesWithParquet(here.edges, NEVER, (making) => ({
    window: WINDOW,
    making,
    counts: here.counts ?? {},
  }));
  const [dot, parquet] = await Promise.all([buffer(expected.body), buffer(expected.parquet)]);

  const there = await threadedDigester({ kind: "directory", path: LOGS }).digest(WINDOW, NEVER);
  const made = converted(there);
  expect(there.progress?.()).toMatchObject({ files: 48 });
  expect(await Promise.all([buffer(made.body), buffer(made.parquet)])).toEqual([dot, parquet]);
  expect(made.isRead()).toBe(true);
  expect(made.stats).toEqual(expected.stats);
  expect(made.stats.edges).toBeGreaterThan(100);
  expect(there.counts).toEqual(here.counts);
  expect(there.warnings).toEqual(here.warnings);
  expect(gunzipSync(dot).toString()).toMatch(/^digraph/);
});

test("the DOT alone is made where nobody wants a table", async () => {
  const digest = await threadedDigester({ kind: "directory", path: LOGS }).digest(WINDOW, NEVER);
  if (!("convert" in digest)) throw new Error("expected a digest that becomes a graph in its thread");
  const conversion = digest.convert({ parquet: false, onRead: () => undefined });
  expect(conversion).not.toHaveProperty("parquet");
  expect(gunzipSync(await buffer(conversion.body)).toString()).toMatch(/^digraph/);
});

test("what fails there fails here, with all that its error says", async () => {
  const path = `${directoryOf({})}/nowhere`;
  const [there, here] = await Promise.all(
    [threadedDigester({ kind: "directory", path }), digesterOf(path)].map(async (digester) =>
      digester.digest(WINDOW, NEVER).catch((error: unknown) => error),
    ),
  );
  expect(here).toBeInstanceOf(DependencyError);
  expect(there).toBeInstanceOf(DependencyError);
  expect(there).toMatchObject({ dependency: "digester", obstacle: "settings", transient: false });
  expect(logged(there)).toEqual(logged(here));
  expect(logged(there)).toMatchObject({ cause: { code: "ENOENT" } });
});

test("both outputs end when one of them isn't read any more", async () => {
  const digester = threadedDigester({ kind: "directory", path: LOGS });
  const { body, parquet } = converted(await digester.digest(WINDOW, NEVER));
  body.destroy();
  await expect(buffer(parquet)).rejects.toThrow("read no more");
  // The next one is made all the same.
  expect((await tableOf(await digester.digest(WINDOW, NEVER))).length).toBeGreaterThan(0);
});

test("digests end with a thread that ends, and say why it did", async () => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what no thread can begin with
  const place = { kind: "athena" } as Plan["place"];
  const format = { fields: DEFAULT_FORMAT, addresses: "interface" } as const;
  const threads = new Threads({ place, options: { format, keysInMemory: 1 } });
  onTestFinished(() => threads.stop());
  for (let time = 0; time < 2; time++) {
    await expect(threads.digest({ window: PLAIN, making: undefined }, NEVER)).rejects.toMatchObject({
      message: "the thread that reads flow logs has ended",
      cause: expect.any(TypeError),
    });
  }
});

/** Threads of this process that give way to others, as those that make digests do. */
function givingWay(): number {
  return readdirSync("/proc/self/task").filter((thread) => getPriority(Number(thread)) > getPriority())
    .length;
}

test.runIf(process.platform === "linux")(
  "each of two digests at once has a thread, which comes after those who answer callers, and one thread stays",
  async () => {
    const format = { fields: DEFAULT_FORMAT, addresses: "interface" } as const;
    // Few files: for many, each starts another thread that fetches them.
    const path = directoryOf({ "flow.log": readFileSync("test/fixtures/digest/01-default.log") });
    const threads = new Threads(
      { place: { kind: "directory", path }, options: { format, keysInMemory: 1_000_000 } },
      2,
    );
    onTestFinished(() => threads.stop());
    const task = { window: AGES, making: undefined };
    const digests = await Promise.all([1, 2, 3].map(() => threads.digest(task, NEVER)));
    expect(givingWay()).toBe(2);
    const [first, second, third] = await Promise.all(digests.map(tableOf));
    expect([second, third]).toEqual([first, first]);
    await expect.poll(givingWay).toBe(1);
    await tableOf(await threads.digest(task, NEVER));
    expect(givingWay()).toBe(1);
  },
);
