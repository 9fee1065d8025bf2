import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CorruptInputError } from "../../src/errors.js";
import type { Job } from "../../src/job.js";
import { gate } from "../support/gate.js";
import { never, Process, Stores, TIMEOUT_MS, window } from "../support/processes.js";
import { eventually } from "../support/eventually.js";
import { someEdges } from "../support/some-edges.js";

const progress = { filesDone: 1, files: 3, records: 7000 };

let stores: Stores;
let reader: Process;
let other: Process;
/** Lets the flow logs be read to their end. */
let end = gate();

/** Reads flow logs until it is let go on. */
async function digest() {
  const ending = end.opened;
  async function* edges() {
    await ending;
    yield* someEdges(1, 10);
  }
  return { edges: edges(), progress: () => progress };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval"] });
  stores = new Stores();
  end = gate();
  reader = new Process(stores, {}, { digest });
  other = new Process(stores);
});
afterEach(async () => {
  vi.useRealTimers();
  end.open();
  await Promise.all([reader.service.stop(), other.service.stop()]);
});

const seenBy = (process: Process) => process.service.progress(window, never);

async function queued(refresh = false): Promise<Job> {
  await other.service.request(window, refresh);
  const job = stores.queue.jobs.pop();
  if (job === undefined) throw new Error("expected a job in the queue");
  return job;
}

test("none, queued, reading, storing, done: as of now where it is made, elsewhere as of the last renewal", async () => {
  expect(await seenBy(other)).toEqual({ state: "none" });
  const job = await queued();
  expect(await seenBy(reader)).toEqual({ state: "queued" });
  const produced = reader.service.produce(job);
  await eventually(async () => expect(await seenBy(reader)).toEqual({ state: "reading", ...progress }));
  // Progress has no writes of its own.
  expect(await seenBy(other)).toEqual({ state: "queued" });
  vi.advanceTimersByTime(TIMEOUT_MS / 3);
  await eventually(async () => expect(await seenBy(other)).toEqual({ state: "reading", ...progress }));
  end.open();
  expect(await produced).toBe(true);
  expect(await seenBy(reader)).toEqual({ state: "done" });
  expect(await seenBy(other)).toEqual({ state: "done" });
});

test("the graph is stored under a claim that says so", async () => {
  const told: unknown[] = [];
  const replace = stores.marker.replace.bind(stores.marker);
  vi.spyOn(stores.marker, "replace").mockImplementation((id, version, claim, signal) => {
    told.push(claim.progress?.step);
    return replace(id, version, claim, signal);
  });
  end.open();
  await reader.service.produce(await queued());
  // The worker takes the claim; the fences of table and graph, and of the entry, renew it.
  expect(told).toEqual([undefined, "storing", "storing", "storing"]);
});

test("a graph that is made again is as far as its new making", async () => {
  await stores.put();
  expect(await seenBy(other)).toEqual({ state: "done" });
  const produced = reader.service.produce(await queued(true));
  await eventually(async () => expect(await seenBy(reader)).toMatchObject({ state: "reading" }));
  end.open();
  await produced;
  expect(await seenBy(reader)).toEqual({ state: "done" });
});

test("settling, until its flow logs are there", async () => {
  const until = new Date(Date.now() + 60_000);
  const patient = new Process(stores, {}, { digest, readyAt: () => until });
  await patient.service.request(window, false);
  expect(await seenBy(other)).toEqual({ state: "settling", until });
  await patient.service.stop();
});

test("failed, and why", async () => {
  const failing = new Process(
    stores,
    {},
    {
      digest: () => Promise.reject(new CorruptInputError("line 7: no flow log")),
    },
  );
  await expect(failing.service.produce(await queued())).rejects.toThrow("line 7");
  expect(await seenBy(other)).toMatchObject({ state: "failed", reason: expect.any(String) as unknown });
  await failing.service.stop();
});

test("a worker that died: failed, unless there is a graph", async () => {
  await queued();
  vi.advanceTimersByTime(TIMEOUT_MS + 1);
  expect(await seenBy(other)).toEqual({
    state: "failed",
    reason: "no worker finished this graph in time; ask again",
  });
  await stores.put();
  expect(await seenBy(other)).toEqual({ state: "done" });
});
