import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { TimeWindow } from "../../src/window.js";
import { keyOf, recordOf } from "../digester/flow-logs/from-s3.js";
import { Deployment, digestOf, dotOf } from "../support/deployment.js";
import { eventually } from "../support/eventually.js";
import { status } from "../support/faults.js";
import { nthHour } from "../support/graph-id.js";
import { Bucket } from "../support/s3/store.js";
import type { ServiceProcess } from "../support/service-process.js";
import { SqsServer } from "../support/sqs.js";
import { temporaryDir } from "../support/temporary-dir.js";

const window = nthHour(1);

let deployment: Deployment;
let sqs: SqsServer;

beforeEach(async () => {
  deployment = await Deployment.start();
  sqs = await SqsServer.start({ maxReceives: 5 });
});

afterEach(async () => {
  await deployment.end();
  await sqs.close();
});

function start(env: NodeJS.ProcessEnv = {}): Promise<ServiceProcess> {
  return deployment.process({
    STREAM_APPLIANCE_ENDPOINT: sqs.endpoint,
    GRAPH_PROGRESS_TIMEOUT: "2000",
    SQS_RETRY_DELAY: "1ms",
    WORKER_CONCURRENCY: "1",
    ...env,
  });
}

/** Everything is done, and nothing is left of it. */
async function nothingLeft(): Promise<void> {
  await expect.poll(() => sqs.count()).toBe(0);
  await expect.poll(() => deployment.claims()).toEqual([]);
}

test("an API that only sends, and a worker that is killed in mid-job: another one gets its job", async () => {
  const [api, worker] = await Promise.all([start({ SQS_CONSUME: "false" }), start()]);
  deployment.digesterd.polls = 1_000_000;
  expect((await api.post(window)).status).toBe(202);
  await worker.event("job-started", { graphId: window.id });
  await worker.kill();
  expect((await api.post(window)).status).toBe(409);

  deployment.digesterd.polls = 0;
  const other = await start();
  await other.event("job-finished", { graphId: window.id });
  await nothingLeft();
  expect(deployment.stored(window)).toBe(await dotOf(digestOf(window.start)));
  expect(deployment.storings(window)).toBe(1);
  expect(await sqs.deadLetters()).toEqual([]);
  expect(api.logged("job-started")).toEqual([]);
});

test("a job that fails each time ends among the dead letters, and callers are told why", async () => {
  const service = await start();
  deployment.digesterd.server.down = status(500);
  expect((await service.post(window)).status).toBe(202);
  await expect.poll(() => sqs.deadLetters()).toHaveLength(1);
  const answer = await eventually(async () => {
    const answer = await service.get(window);
    expect(answer.status).toBe(404);
    return answer;
  });
  expect(await answer.json()).toMatchObject({ message: expect.stringMatching(/digester failed/) });

  // Redriven once what was wrong is mended.
  deployment.digesterd.server.down = undefined;
  const [letter = ""] = await sqs.deadLetters();
  await sqs.send(letter);
  await nothingLeft();
  expect((await service.get(window)).status).toBe(200);
});

test("what can never succeed is delivered once", async () => {
  const service = await start();
  deployment.digesterd.send = (_, response) => response.writeHead(200).end("no digest\n");
  await service.post(window);
  await expect.poll(() => sqs.count()).toBe(0);
  expect((await service.get(window)).status).toBe(404);
  expect(service.logged("job-started")).toHaveLength(1);
  expect(await sqs.deadLetters()).toEqual([]);
});

test("the queue holds a job back whose logs are still arriving", async () => {
  const logs = new Bucket();
  deployment.s3.buckets.set("logs", logs);
  const stop = new Date(Math.floor(Date.now() / 60_000) * 60_000);
  const begin = new Date(stop.getTime() - 3_600_000);
  const late = TimeWindow.parse(begin.toISOString(), stop.toISOString());
  const end = new Date(stop.getTime() - 1_800_000).toISOString();
  logs.put(keyOf(end.slice(0, 16)), gzipSync(recordOf("10.0.0.1", end)));
  const readyAt = Date.now() + 3000;
  const service = await start({
    DIGESTER_ENDPOINT: "s3://logs",
    FLOW_LOG_SETTLE: `${readyAt - stop.getTime()}ms`,
  });
  expect((await service.post(late)).status).toBe(202);
  const started = await service.event("job-started", { graphId: late.id });
  expect(Date.parse(started.time)).toBeGreaterThanOrEqual(readyAt);
  await nothingLeft();
  expect((await service.get(late)).status).toBe(200);
});

test("a queue that is away is told of, and taken up again when it is back", async () => {
  const service = await start();
  sqs.server.down = status(503);
  await service.event("dependency-failure", { dependency: "queuer" });
  expect((await service.post(window)).status).toBe(502);
  const readiness = await service.fetch("/readiness");
  expect(readiness.status).toBe(503);
  expect(await readiness.text()).toContain("queuer");

  sqs.server.down = undefined;
  await expect.poll(async () => (await service.post(window)).status).toBe(202);
  await service.event("job-finished", { graphId: window.id });
  await nothingLeft();
});

test("a stop gives a job that can't be finished to another process at once", async () => {
  const worker = await start({ RUNTIME_SHUTDOWN_TIMEOUT: "10ms", GRAPH_PROGRESS_TIMEOUT: "600000" });
  deployment.digesterd.polls = 1_000_000;
  await worker.post(window);
  await worker.event("job-started");
  await worker.stop();
  deployment.digesterd.polls = 0;
  const other = await start();
  await other.event("job-finished", { graphId: window.id });
  await nothingLeft();
});

/** Far more than are at work at once, so that each process gets many. */
const JOBS = 100;

test(`${JOBS} jobs over three processes: each is done once`, async () => {
  const dir = await temporaryDir();
  onTestFinished(() => dir.remove());
  const logs = join(dir.path, "logs");
  await mkdir(logs);
  const from = Date.UTC(2019, 5, 1);
  const at = (n: number) => new Date(from + n * 60_000).toISOString();
  const windows = Array.from({ length: JOBS }, (_, n) => TimeWindow.parse(at(n), at(n + 1)));
  // Some of them have a record, of as many packets: most of a test is not to be reading.
  const line = (n: number) => {
    const end = from / 1000 + n * 60 + 30;
    return `2 123456789010 eni-1 10.0.0.1 10.0.0.2 49152 443 6 ${n + 1} ${n + 100} ${end - 10} ${end} ACCEPT OK\n`;
  };
  const some = [0, JOBS / 2, JOBS - 1];
  await writeFile(join(logs, "flows.log"), some.map(line).join(""));
  const env = {
    GRAPH_STORAGE_BUCKET: "",
    GRAPH_PROGRESS_BUCKET: "",
    GRAPH_DATA_DIR: join(dir.path, "data"),
    DIGESTER_ENDPOINT: `file:${logs}`,
    GRAPH_PROGRESS_TIMEOUT: "60000",
    WORKER_CONCURRENCY: "4",
    RUNTIME_STATS_OUTPUT: "NULL",
  };
  const processes = await Promise.all([start(env), start(env), start(env)]);
  const waiting = windows.map((window, n) => ({ window, process: processes[n % 3] }));
  const ask = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const query = new URLSearchParams({ start: next.window.start, stop: next.window.stop });
      const answer = await fetch(`${next.process?.url}/graph?${query.toString()}`, { method: "POST" });
      expect(answer.status).toBe(202);
      await answer.body?.cancel();
    }
  };
  await Promise.all(Array.from({ length: 12 }, ask));
  await eventually(async () => expect(await sqs.count()).toBe(0), 200);

  const finished = processes.map((process) =>
    process.logged("job-finished").map(({ graphId }) => String(graphId)),
  );
  expect(finished.flat().toSorted()).toEqual(windows.map(({ id }) => id).toSorted());
  for (const each of finished) expect(each.length).toBeGreaterThan(JOBS / 10);
  expect(await sqs.deadLetters()).toEqual([]);
  const [first] = processes;
  for (const n of some) {
    const graph = await first.get(TimeWindow.parse(at(n), at(n + 1)));
    expect(await graph.text()).toContain(`govpc_packets="${n + 1}"`);
  }
});
