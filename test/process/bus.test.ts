import { afterEach, beforeEach, expect, test } from "vitest";
import { Deployment, digestOf, dotOf } from "../support/deployment.js";
import { reset, status } from "../support/faults.js";
import { nthHour } from "../support/graph-id.js";
import { RedeliveringBus } from "../support/redelivering-bus.js";

const SEED = Number(process.env["TEST_SEED"] ?? 1);
const windows = Array.from({ length: 30 }, (_, n) => nthHour(n));

let deployment: Deployment;
let bus: RedeliveringBus;

beforeEach(async () => {
  deployment = await Deployment.start();
  bus = await RedeliveringBus.start(SEED);
});

afterEach(async () => {
  await bus.close();
  await deployment.end();
});

async function everyWindowIsAWholeGraph(): Promise<void> {
  const missing = () => windows.filter((window) => deployment.stored(window) === undefined);
  await expect.poll(missing).toEqual([]);
  await expect.poll(() => bus.undelivered).toBe(0);
  for (const window of windows) {
    expect(deployment.stored(window)).toBe(await dotOf(digestOf(window.start)));
  }
  expect(deployment.s3.bucket("graphs").uploads.size).toBe(0);
}

test("an API and two workers behind a bus that delivers at least once", async () => {
  // None is to lapse: nobody dies.
  const timeout = { GRAPH_PROGRESS_TIMEOUT: "60000" };
  const [api, ...workers] = await Promise.all([
    deployment.process({ ...timeout, STREAM_APPLIANCE_ENDPOINT: `${bus.server.url.href}vpcflow/graph` }),
    // Told of the bus too, or they would take jobs up before it delivers them.
    ...[1, 2].map(() => deployment.process({ ...timeout, STREAM_APPLIANCE_ENDPOINT: bus.server.url.href })),
  ]);
  bus.workers = workers.map(({ url }) => `${url}/produce`);
  deployment.digesterd.server.faults.push(reset, status(500), status(500), status(500), status(500), reset);

  const answers = await Promise.all(windows.map((window) => api.post(window)));
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
  await everyWindowIsAWholeGraph();

  expect(api.logged("job-started")).toEqual([]);
  expect(bus.deliveries).toEqual(expect.arrayContaining(["204", "cut"]));
  expect(bus.deliveries.filter((outcome) => !["204", "502", "503", "cut"].includes(outcome))).toEqual([]);
  for (const window of windows) expect((await api.get(window)).status).toBe(200);
});

test("workers behind a bus that are killed: it delivers again, and others take over", async () => {
  const env = { GRAPH_PROGRESS_TIMEOUT: "3000", STREAM_APPLIANCE_ENDPOINT: bus.server.url.href };
  const [api, first, second] = await Promise.all([1, 2, 3].map(() => deployment.process(env)));
  if (api === undefined || first === undefined || second === undefined) throw new Error("three were started");
  bus.workers = [`${first.url}/produce`];
  deployment.digesterd.polls = 1_000_000;
  const answers = await Promise.all(windows.map((window) => api.post(window)));
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
  await first.event("job-started");
  await first.kill();

  bus.workers = [`${second.url}/produce`];
  deployment.digesterd.polls = 0;
  await everyWindowIsAWholeGraph();
  // What was found abandoned was the bus's to deliver.
  for (const process of [api, second]) expect(process.logged("job-taken-up")).toEqual([]);
});
