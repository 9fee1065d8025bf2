import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Deployment, digestOf, dotOf } from "../support/deployment.js";
import { nthHour } from "../support/graph-id.js";

/** Tests wait until it expires, and fail when it does so too early: short, but not for a busy machine. */
const TIMEOUT_MS = 8000;
const env = { GRAPH_PROGRESS_TIMEOUT: String(TIMEOUT_MS) };
const window = nthHour(1);
const fields = { graphId: window.id };

let deployment: Deployment;
/** Digests under way: begun, and not ended before the test does so. */
let begun: { name: string; response: ServerResponse }[];

beforeEach(async () => {
  deployment = await Deployment.start();
  begun = [];
});

afterEach(async () => {
  await deployment.end();
});

/** From now on each digest has another name, and stops in the middle. */
function holdDigests(): void {
  deployment.digesterd.send = (_url, response) => {
    const name = `digest-${begun.length}`;
    response.writeHead(200).write(digestOf(name));
    begun.push({ name, response });
  };
}

async function digestBegun(n: number): Promise<{ name: string; response: ServerResponse }> {
  await expect.poll(() => begun.length).toBeGreaterThan(n);
  const digest = begun[n];
  if (digest === undefined) throw new Error("the digest is there: its number was awaited");
  return digest;
}

async function graphOf(digest: string): Promise<string> {
  await expect.poll(() => deployment.claims()).toEqual([]);
  const dot = deployment.stored(window);
  expect(dot).toBe(await dotOf(digest));
  return dot ?? "";
}

test("a worker that is killed in mid-job: another process takes the job up", async () => {
  const [worker, other] = await Promise.all([deployment.process(env), deployment.process(env)]);
  holdDigests();
  expect((await worker.post(window)).status).toBe(202);
  const first = await digestBegun(0);
  await worker.kill();
  first.response.end();
  expect((await other.get(window)).status).toBe(204);
  expect((await other.post(window)).status).toBe(409);

  const second = await digestBegun(1);
  expect(other.logged("job-taken-up", fields)).toHaveLength(1);
  second.response.end();
  await graphOf(digestOf(second.name));
  expect(deployment.storings(window)).toBe(1);
});

test("a worker that is slow for several timeouts keeps its claim and isn't overtaken", async () => {
  const [worker, ...others] = await Promise.all([1, 2, 3].map(() => deployment.process(env)));
  holdDigests();
  expect((await worker?.post(window))?.status).toBe(202);
  const digest = await digestBegun(0);
  const renewals = () =>
    deployment.s3.log.filter(({ operation, bucket }) => operation === "PutObject" && bucket === "claims");
  const before = renewals().length;
  // Each comes after a third of the timeout.
  await expect.poll(() => renewals().length - before).toBeGreaterThan(6);
  digest.response.end(digestOf("the-end"));
  await graphOf(digestOf(digest.name) + digestOf("the-end"));
  for (const other of others) {
    expect(other.logged("job-taken-up")).toEqual([]);
    expect(other.logged("job-started")).toEqual([]);
  }
  expect(begun).toHaveLength(1);
  expect(deployment.storings(window)).toBe(1);
});

/** A worker that is paused in mid-job beyond the timeout, and its successor at work; with their digests. */
async function overtaken() {
  const [paused, successor] = await Promise.all([deployment.process(env), deployment.process(env)]);
  holdDigests();
  expect((await paused.post(window)).status).toBe(202);
  const first = await digestBegun(0);
  paused.pause();
  return { paused, successor, first, second: await digestBegun(1) };
}

test("a worker that was paused beyond the timeout notices, and stores nothing over its successor's work", async () => {
  const { paused, successor, first, second } = await overtaken();
  second.response.end();
  await successor.event("job-finished", fields);
  await graphOf(digestOf(second.name));

  first.response.end();
  paused.resume();
  await paused.event("claim-lost", fields);
  await paused.stop();
  await graphOf(digestOf(second.name));
  expect(paused.logged("job-finished")).toEqual([]);
  expect(deployment.storings(window)).toBe(1);
});

test("also when it was paused while its successor is still at work", async () => {
  const { paused, successor, first, second } = await overtaken();
  first.response.end();
  paused.resume();
  await paused.event("claim-lost", fields);
  second.response.end();
  await successor.event("job-finished", fields);
  await graphOf(digestOf(second.name));
  expect(deployment.storings(window)).toBe(1);
});
