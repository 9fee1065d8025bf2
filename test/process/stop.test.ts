import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { LINE } from "../http/serving.js";
import { startDigesterd, type Digesterd } from "../support/digesterd.js";
import { eventually } from "../support/eventually.js";
import { hang } from "../support/faults.js";
import { nthHour } from "../support/graph-id.js";
import { ServiceProcess } from "../support/service-process.js";
import { temporaryDir, type TemporaryDir } from "../support/temporary-dir.js";

const first = nthHour(0);
const second = nthHour(1);

let dir: TemporaryDir;
let digesterd: Digesterd;

beforeEach(async () => {
  dir = await temporaryDir();
  digesterd = await startDigesterd(LINE);
});

afterEach(() => digesterd.server.close());

async function start(env: NodeJS.ProcessEnv = {}): Promise<ServiceProcess> {
  const service = await ServiceProcess.start({
    GRAPH_DATA_DIR: dir.path,
    DIGESTER_ENDPOINT: digesterd.server.url.href,
    DIGESTER_POLLING_INTERVAL: "50",
    GRAPH_PROGRESS_TIMEOUT: "600000",
    WORKER_CONCURRENCY: "1",
    RUNTIME_SHUTDOWN_TIMEOUT: "60s",
    ...env,
  });
  onTestFinished(() => service.kill());
  return service;
}

async function post(service: ServiceProcess, window = first): Promise<number> {
  return (await service.post(window)).status;
}

async function appears(service: ServiceProcess, window = first): Promise<void> {
  const found = async () => expect((await service.get(window)).status).toBe(200);
  await eventually(found);
}

async function working(): Promise<void> {
  await eventually(() => expect(digesterd.server.requests.length).toBeGreaterThan(1));
}

describe("a graceful stop", () => {
  test.for(["SIGTERM", "SIGINT"] as const)(
    "by %s: the running job is finished, the waiting one is free",
    async (signal) => {
      const stopped = await start();
      digesterd.polls = Number.POSITIVE_INFINITY;
      expect(await post(stopped)).toBe(202);
      await working();
      expect(await post(stopped, second)).toBe(202);
      stopped.signal(signal);
      await stopped.event("job-freed");
      digesterd.polls = 0;
      expect(await stopped.exit).toBe(0);
      expect(stopped.events.at(-1)).toMatchObject({ message: "stopped" });
      // Free, so that the next process takes it up at once; the first is there.
      const next = await start();
      expect((await next.get(first)).status).toBe(200);
      await next.event("job-taken-up");
    },
  );

  test("a job that doesn't finish in time becomes free, and connections are closed", async () => {
    const stopped = await start({ RUNTIME_SHUTDOWN_TIMEOUT: "100ms" });
    digesterd.server.down = hang;
    const idle = connect(Number(new URL(stopped.url).port), "127.0.0.1");
    const closed = new Promise((resolve) => idle.once("close", resolve));
    idle.resume().write("GET /healthcheck HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(await post(stopped)).toBe(202);
    await eventually(() => expect(digesterd.server.requests).toHaveLength(1));
    stopped.signal("SIGTERM");
    expect(await stopped.exit).toBe(0);
    await closed;
    digesterd.server.down = undefined;
    const next = await start();
    await appears(next);
  });

  test("what is left of others, such as a look-up that hangs, doesn't keep the process", async () => {
    const hangs = "data:text/javascript,setInterval(() => {}, 60_000)";
    const stopped = await start({ NODE_OPTIONS: `--import "${hangs}"` });
    stopped.signal("SIGTERM");
    expect(await stopped.exit).toBe(0);
    expect(stopped.events.at(-1)).toMatchObject({ message: "stopped" });
  });

  test("a second signal ends it at once", async () => {
    const stopped = await start();
    digesterd.server.down = hang;
    await post(stopped);
    await eventually(() => expect(digesterd.server.requests).toHaveLength(1));
    stopped.signal("SIGTERM");
    await stopped.event("stopping");
    stopped.signal("SIGINT");
    expect(await stopped.exit).toBe(130);
  });

  test("only by the signals that are named", async () => {
    const one = await start({ RUNTIME_SIGNALS_OS_SIGNALS: "10" });
    one.signal("SIGUSR1");
    expect(await one.exit).toBe(0);
    const other = await start({ RUNTIME_SIGNALS_OS_SIGNALS: "10" });
    other.signal("SIGTERM");
    expect(await other.exit).toBe("SIGTERM");
  });
});

test("killed in the middle and started again: every 202 ends in a graph", async () => {
  const windows = Array.from({ length: 5 }, (_, n) => nthHour(n));
  const killed = await start();
  digesterd.server.down = hang;
  for (const window of windows) expect(await post(killed, window)).toBe(202);
  await eventually(() => expect(digesterd.server.requests).toHaveLength(1));
  await killed.kill();
  digesterd.server.down = undefined;
  const next = await start({ GRAPH_PROGRESS_TIMEOUT: "2000" });
  for (const window of windows) await appears(next, window);
});

test("processes that share a directory: of 60 simultaneous POSTs one gets 202, and all serve the graph", async () => {
  const three = await Promise.all([start(), start(), start()]);
  digesterd.polls = 20;
  const answers = await Promise.all(Array.from({ length: 20 }, () => three.map((one) => post(one))).flat());
  expect(answers.toSorted((a, b) => a - b)).toEqual([202, ...Array<number>(59).fill(409)]);
  for (const one of three) await appears(one);
  expect(digesterd.server.requests.filter(({ method }) => method === "POST")).toHaveLength(1);
});
