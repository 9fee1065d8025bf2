import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { toMessage } from "../../src/job.js";
import { TimeWindow } from "../../src/window.js";
import { keyOf, recordOf } from "../digester/flow-logs/from-s3.js";
import { startBus } from "../support/bus.js";
import { Deployment } from "../support/deployment.js";
import type { ServiceProcess } from "../support/service-process.js";
import { Bucket } from "../support/s3/store.js";

const TIMEOUT_MS = 5000;
const MINUTE_MS = 60_000;
/** Longer than any test takes, and not so long that the store refuses what is signed when the clock jumps over it. */
const WAIT_MS = 10 * MINUTE_MS;
const JUMPING_CLOCK = ["--import", new URL("../support/shifted-clock.mjs", import.meta.url).href];

let deployment: Deployment;
let readyAt: number;
/** Ends now; its logs take a while to arrive. */
let late: TimeWindow;
/** An hour before. */
let early: TimeWindow;

/** A process that waits for the logs of `late` until `readyAt`. */
async function start(env: Record<string, string> = {}): Promise<ServiceProcess> {
  const own = {
    DIGESTER_ENDPOINT: "s3://logs",
    FLOW_LOG_SETTLE: `${readyAt - late.stopDate.getTime()}ms`,
    GRAPH_PROGRESS_TIMEOUT: String(TIMEOUT_MS),
    WORKER_CONCURRENCY: "1",
    CLOCK_JUMPS_MS: String(WAIT_MS),
  };
  return deployment.process({ ...own, ...env }, JUMPING_CLOCK);
}

function hourTo(stopMs: number): TimeWindow {
  const [start = "", stop = ""] = [stopMs - 60 * MINUTE_MS, stopMs].map((ms) => new Date(ms).toISOString());
  return TimeWindow.parse(start, stop);
}

function digestReads(): string[] {
  return deployment.s3.log.filter(({ bucket }) => bucket === "logs").map(({ operation = "" }) => operation);
}

/** Longer than a claim lives that nobody renews. */
async function outlived(): Promise<void> {
  const since = Date.now();
  await expect.poll(() => Date.now() - since).toBeGreaterThan(1.5 * TIMEOUT_MS);
}

/** What is left to wait, in whole seconds as Retry-After has it. */
function secondsLeft(): number {
  return Math.max(1, Math.ceil((readyAt - Date.now()) / 1000));
}

beforeEach(async () => {
  deployment = await Deployment.start();
  const logs = new Bucket();
  deployment.s3.buckets.set("logs", logs);
  const minute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  late = hourTo(minute);
  early = hourTo(minute - 60 * MINUTE_MS);
  for (const { startDate } of [late, early]) {
    const end = new Date(startDate.getTime() + 30 * MINUTE_MS).toISOString();
    logs.put(keyOf(end.slice(0, 16)), gzipSync(recordOf("10.0.0.1", end)));
  }
  readyAt = Date.now() + WAIT_MS;
});

afterEach(() => deployment.end());

test("in process, a job waits for its logs without holding a slot, and its claim stays alive", async () => {
  const service = await start();
  const before = secondsLeft();
  const posted = await service.post(late);
  expect(posted.status).toBe(202);
  const told = Number(posted.headers.get("retry-after"));
  expect(told).toBeLessThanOrEqual(before);
  expect(told).toBeGreaterThanOrEqual(secondsLeft());

  expect((await service.post(early)).status).toBe(202);
  await service.event("job-finished", { graphId: early.id });
  expect((await service.get(early)).status).toBe(200);

  const waiting = await service.get(late);
  expect(waiting.status).toBe(204);
  expect(Number(waiting.headers.get("retry-after"))).toBeGreaterThanOrEqual(secondsLeft());
  expect(service.logged("job-started", { graphId: late.id })).toEqual([]);
  const reads = digestReads().length;

  await outlived();
  expect((await service.post(late)).status).toBe(409);
  expect(digestReads()).toHaveLength(reads);
});

test("in process, a job starts by itself when its logs are there", async () => {
  readyAt = Date.now() + 3000;
  const service = await start();
  expect((await service.post(late)).status).toBe(202);
  const started = await service.event("job-started", { graphId: late.id });
  expect(Date.parse(started.time)).toBeGreaterThanOrEqual(readyAt);
  await service.event("job-finished", { graphId: late.id });
  const graph = await service.get(late);
  expect(graph.status).toBe(200);
  expect(await graph.text()).toContain("10.0.0.1");
});

test("a bus is told when to come back, the claim lives until then, and callers are told too", async () => {
  const bus = await startBus();
  onTestFinished(() => bus.server.close());
  const service = await start({ STREAM_APPLIANCE_ENDPOINT: bus.server.url.href });
  expect((await service.post(late)).status).toBe(202);
  const [job] = bus.jobs;
  if (job === undefined) throw new Error("expected a job in the bus");
  const deliver = () => service.fetch("/produce", { method: "POST", body: JSON.stringify(toMessage(job)) });

  const tooEarly = await deliver();
  expect(tooEarly.status).toBe(503);
  expect(Number(tooEarly.headers.get("retry-after"))).toBeGreaterThanOrEqual(secondsLeft());
  // Nobody renews it: it lives by its notBefore.
  await outlived();
  const left = secondsLeft();
  const waiting = await service.get(late);
  expect(waiting.status).toBe(204);
  expect(Number(waiting.headers.get("retry-after"))).toBeLessThanOrEqual(left);
  expect(Number(waiting.headers.get("retry-after"))).toBeGreaterThanOrEqual(secondsLeft());
  expect((await service.post(late)).status).toBe(409);
  expect(digestReads()).toEqual([]);

  service.signal("SIGUSR2");
  await expect.poll(async () => (await deliver()).status).toBe(204);
  expect((await service.get(late)).status).toBe(200);
});

test("a refresh replaces the graph, and its Last-Modified tells", async () => {
  readyAt = Date.now();
  const service = await start();
  await service.post(early);
  await service.event("job-finished", { graphId: early.id });
  const old = await service.get(early);
  const end = new Date(early.startDate.getTime() + 45 * MINUTE_MS).toISOString();
  deployment.s3
    .bucket("logs")
    .put(keyOf(end.slice(0, 16), { hash: "late" }), gzipSync(recordOf("10.9.9.9", end)));

  // Last-Modified has whole seconds.
  await expect
    .poll(() => Date.now())
    .toBeGreaterThan(Date.parse(old.headers.get("last-modified") ?? "") + 1000);
  const refreshed = await service.post(early, "&refresh=true");
  expect(refreshed.status).toBe(202);
  const modified = async () => Date.parse((await service.get(early)).headers.get("last-modified") ?? "");
  await expect.poll(modified).toBeGreaterThan(Date.parse(old.headers.get("last-modified") ?? ""));
  expect(await (await service.get(early)).text()).toContain("10.9.9.9");
});
