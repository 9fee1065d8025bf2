import { afterEach, beforeEach, expect, test } from "vitest";
import { Deployment, digestOf, dotOf } from "../support/deployment.js";
import { nthHour } from "../support/graph-id.js";
import type { ServiceProcess } from "../support/service-process.js";

const HOUR_MS = 3_600_000;
/** Tests wait until it expires, and fail when it does so too early: short, but not for a busy machine. */
const TIMEOUT_MS = 5000;
const PRELOAD = ["--import", new URL("../support/shifted-clock.mjs", import.meta.url).href];

let deployment: Deployment;
let behind: ServiceProcess;
let right: ServiceProcess;
let ahead: ServiceProcess;

// The store refuses signatures that are a quarter of an hour off, as S3 does.
beforeEach(async () => {
  deployment = await Deployment.start();
  const start = (shiftMs: number) =>
    deployment.process(
      { GRAPH_PROGRESS_TIMEOUT: String(TIMEOUT_MS), CLOCK_SHIFT_MS: String(shiftMs) },
      PRELOAD,
    );
  [behind, right, ahead] = await Promise.all([start(-HOUR_MS), start(0), start(HOUR_MS)]);
});

afterEach(async () => {
  await deployment.end();
});

test("of simultaneous requests to clocks an hour behind, right and ahead one is queued", async () => {
  const [{ time } = { time: "" }] = ahead.events;
  expect(Date.parse(time) - Date.now()).toBeGreaterThan(HOUR_MS / 2);
  for (let n = 0; n < 5; n += 1) {
    const window = nthHour(n);
    const processes = Array.from({ length: 8 }, () => [behind, right, ahead]).flat();
    const answers = await Promise.all(processes.map((process) => process.post(window)));
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([202, ...Array.from({ length: statuses.length - 1 }, () => 409)]);
    await expect.poll(() => deployment.claims()).toEqual([]);
    expect(deployment.stored(window)).toBe(await dotOf(digestOf(window.start)));
    expect(deployment.storings(window)).toBe(1);
  }
});

test("a live claim is taken by no other clock, a dead worker's by any", async () => {
  // Nobody gets a digest: the first three jobs go on for several timeouts.
  deployment.digesterd.polls = Number.POSITIVE_INFINITY;
  const workers = [behind, right, ahead];
  const windows = workers.map((_, n) => nthHour(n));
  for (const [n, window] of windows.entries()) expect((await workers[n]?.post(window))?.status).toBe(202);
  const sweeps = () => deployment.s3.count("ListObjectsV2");
  const before = sweeps();
  // Each process looks at least twice a timeout, and so, together, six times.
  await expect.poll(() => sweeps() - before).toBeGreaterThan(12);
  for (const [n, worker] of workers.entries()) {
    expect(worker.logged("job-taken-up")).toEqual([]);
    expect(worker.logged("job-started").map((event) => event["graphId"])).toEqual([windows[n]?.id]);
  }

  await Promise.all([ahead.kill(), right.kill()]);
  for (const window of windows.slice(1)) await behind.event("job-taken-up", { graphId: window.id });
  deployment.digesterd.polls = 0;
  await behind.kill();
  ahead = await deployment.process(
    { GRAPH_PROGRESS_TIMEOUT: String(TIMEOUT_MS), CLOCK_SHIFT_MS: String(HOUR_MS), WORKER_RETRIES: "10" },
    PRELOAD,
  );
  for (const window of windows) await ahead.event("job-finished", { graphId: window.id });
  for (const window of windows) {
    expect(deployment.stored(window)).toBe(await dotOf(digestOf(window.start)));
    expect(deployment.storings(window)).toBe(1);
  }
});
