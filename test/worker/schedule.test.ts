import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { loadConfig } from "../../src/compose/config.js";
import { CorruptInputError, DependencyError } from "../../src/errors.js";
import { toServiceSettings } from "../../src/service-settings.js";
import { Process, Stores } from "../support/processes.js";

const HOUR_MS = 3_600_000;
const AT = { host: "127.0.0.1", port: 1 };

let stores: Stores;
/** Those that began last, and all. */
let processes: Process[];
let everybody: Process[];

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["Date", "performance", "setTimeout", "clearTimeout", "setInterval", "clearInterval"],
    now: new Date("2019-06-01T04:30:00Z"),
  });
  stores = new Stores();
  everybody = [];
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(everybody.map(({ service }) => service.stop()));
});

function twentyMinutesLater({ stopDate }: { stopDate: Date }): Date {
  return new Date(stopDate.getTime() + 20 * 60_000);
}

/** Lets three processes over one store begin. */
async function begin(scheduleMs: number[], scheduleBackfill: number, digester: object = {}): Promise<void> {
  processes = [1, 2, 3].map(
    () => new Process(stores, { scheduleMs, scheduleBackfill, maxWindowMs: 24 * HOUR_MS }, digester),
  );
  everybody.push(...processes);
  for (const { service } of processes) service.listening(AT);
  await pass(0);
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

/** The windows that were asked for since the last look, by their stops; their jobs are done by any process. */
async function asked(): Promise<string[]> {
  const jobs = stores.queue.jobs.splice(0);
  for (const [n, job] of jobs.entries()) {
    await processes[n % 3]?.service.produce(job).catch(() => undefined);
  }
  return jobs.map(({ window }) => `${window.start} ${window.ms / HOUR_MS}h`).toSorted();
}

describe("three processes with a schedule", () => {
  test("ask for each window once, those that have ended lately at start, and each further one when it ends", async () => {
    await begin([HOUR_MS], 2);
    expect(await asked()).toEqual(["2019-06-01T02:00:00Z 1h", "2019-06-01T03:00:00Z 1h"]);
    await pass(29 * 60_000);
    expect(await asked()).toEqual([]);
    await pass(60_000);
    expect(await asked()).toEqual(["2019-06-01T04:00:00Z 1h"]);
    await pass(HOUR_MS);
    expect(await asked()).toEqual(["2019-06-01T05:00:00Z 1h"]);
    const made = processes.flatMap(({ records }) => records.outcomes);
    expect(made).toEqual(["stored", "stored", "stored", "stored"]);
  });

  test("several lengths, aligned to UTC", async () => {
    await begin([HOUR_MS, 24 * HOUR_MS], 1);
    expect(await asked()).toEqual(["2019-05-31T00:00:00Z 24h", "2019-06-01T03:00:00Z 1h"]);
    await pass(19.5 * HOUR_MS);
    expect(await asked()).toContain("2019-06-01T00:00:00Z 24h");
  });

  test("wait until the flow logs have settled", async () => {
    await begin([HOUR_MS], 0, { readyAt: twentyMinutesLater });
    await pass(49 * 60_000);
    expect(await asked()).toEqual([]);
    await pass(60_000);
    expect(await asked()).toEqual(["2019-06-01T04:00:00Z 1h"]);
  });

  test("leave what is there, and what failed just now", async () => {
    await begin([HOUR_MS], 1);
    expect(await asked()).toHaveLength(1);
    // A process that begins later, as after a deployment.
    await begin([HOUR_MS], 1, { digest: () => Promise.reject(new CorruptInputError("line 7")) });
    expect(await asked()).toEqual([]);
    await pass(30 * 60_000);
    expect(await asked()).toEqual(["2019-06-01T04:00:00Z 1h"]);
    await begin([HOUR_MS], 1);
    expect(await asked()).toEqual([]);
  });

  test("try again what could not be asked for", async () => {
    const bus = vi.spyOn(stores.queue, "queue");
    bus.mockRejectedValue(new DependencyError("queuer", "the bus is down"));
    await begin([HOUR_MS], 1);
    expect(await asked()).toEqual([]);
    expect(processes[0]?.records.events).toContainEqual(
      expect.objectContaining({ message: "schedule-failure", start: "2019-06-01T03:00:00Z" }),
    );
    bus.mockRestore();
    await pass(31_000);
    expect(await asked()).toEqual(["2019-06-01T03:00:00Z 1h"]);
  });
});

describe("GRAPH_SCHEDULE", () => {
  test.each([
    [{}, [], 1],
    [{ GRAPH_SCHEDULE: "1h" }, [HOUR_MS], 1],
    [{ GRAPH_SCHEDULE: "1h, 24h,60m", GRAPH_SCHEDULE_BACKFILL: "0" }, [HOUR_MS, 24 * HOUR_MS], 0],
  ])("%o", (env, scheduleMs, scheduleBackfill) => {
    expect(toServiceSettings(loadConfig(env))).toMatchObject({ scheduleMs, scheduleBackfill });
  });

  test.each([
    [{ GRAPH_SCHEDULE: "7h" }, "GRAPH_SCHEDULE: expected lengths that divide a day into whole minutes"],
    [{ GRAPH_SCHEDULE: "1h,soon" }, "GRAPH_SCHEDULE: expected lengths"],
    [{ GRAPH_SCHEDULE: "30s" }, "GRAPH_SCHEDULE: expected lengths"],
    [
      { GRAPH_SCHEDULE: "24h", GRAPH_MAX_WINDOW: "1h" },
      "expected no length in GRAPH_SCHEDULE above GRAPH_MAX_WINDOW",
    ],
  ])("%o is a fault", (env, message) => {
    expect(() => loadConfig(env)).toThrow(message);
  });
});
