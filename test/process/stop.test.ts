import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { TimeWindow } from "../../src/window.js";
import { graphOf, LINE } from "../http/serving.js";
import { checkedFetch } from "../support/checked-fetch.js";
import { startDigesterd, type Digesterd } from "../support/digesterd.js";
import { hang } from "../support/faults.js";
import { temporaryDir, type TemporaryDir } from "../support/temporary-dir.js";
import { start, type Daemon } from "./daemon.js";

const hour = (n: number) => new Date(Date.UTC(2019, 0, 1, n)).toISOString();
const windows = Array.from({ length: 5 }, (_, n) => TimeWindow.parse(hour(n), hour(n + 1)));
const [first, second] = windows.map((window) => graphOf(window));

let dir: TemporaryDir;
let digesterd: Digesterd;

beforeEach(async () => {
  dir = await temporaryDir();
  digesterd = await startDigesterd(LINE);
});

afterEach(() => digesterd.server.close());

function daemon(env: Record<string, string> = {}): Promise<Daemon> {
  return start({
    GRAPH_DATA_DIR: dir.path,
    DIGESTER_ENDPOINT: digesterd.server.url.href,
    DIGESTER_POLLING_INTERVAL: "5",
    GRAPH_PROGRESS_TIMEOUT: "1000",
    WORKER_CONCURRENCY: "1",
    RUNTIME_SHUTDOWN_TIMEOUT: "10s",
    ...env,
  });
}

async function post({ url }: Daemon, path = first): Promise<number> {
  return (await checkedFetch(`${url}${path}`, { method: "POST" })).status;
}

async function appears({ url }: Daemon, path = first): Promise<void> {
  const found = async () => expect((await checkedFetch(`${url}${path}`)).status).toBe(200);
  await vi.waitFor(found, { timeout: 10_000, interval: 20 });
}

async function working(): Promise<void> {
  await vi.waitFor(() => expect(digesterd.server.requests.length).toBeGreaterThan(1), 5000);
}

describe("a graceful stop", () => {
  test.for(["SIGTERM", "SIGINT"] as const)(
    "by %s: the running job is finished, the waiting one is free",
    async (signal) => {
      const stopped = await daemon();
      digesterd.polls = Number.POSITIVE_INFINITY;
      expect(await post(stopped)).toBe(202);
      await working();
      expect(await post(stopped, second)).toBe(202);
      stopped.child.kill(signal);
      await vi.waitFor(() =>
        expect(stopped.log).toContainEqual(expect.objectContaining({ message: "job-freed" })),
      );
      digesterd.polls = 0;
      expect(await stopped.ended).toBe(0);
      expect(stopped.log.at(-1)).toMatchObject({ message: "stopped" });
      // Free, so that the next process takes it up at once; the first is there.
      const next = await daemon({ GRAPH_PROGRESS_TIMEOUT: "600000" });
      expect((await checkedFetch(`${next.url}${first}`)).status).toBe(200);
      await vi.waitFor(() =>
        expect(next.log).toContainEqual(expect.objectContaining({ message: "job-taken-up" })),
      );
    },
  );

  test("a job that doesn't finish in time becomes free, and connections are closed", async () => {
    const stopped = await daemon({ RUNTIME_SHUTDOWN_TIMEOUT: "100ms" });
    digesterd.server.down = hang;
    const idle = connect(Number(new URL(stopped.url).port), "127.0.0.1");
    const closed = new Promise((resolve) => idle.once("close", resolve));
    idle.resume().write("GET /healthcheck HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(await post(stopped)).toBe(202);
    await vi.waitFor(() => expect(digesterd.server.requests).toHaveLength(1));
    stopped.child.kill("SIGTERM");
    expect(await stopped.ended).toBe(0);
    await closed;
    digesterd.server.down = undefined;
    const next = await daemon({ GRAPH_PROGRESS_TIMEOUT: "600000" });
    await appears(next);
  });

  test("what is left of others, such as a look-up that hangs, doesn't keep the process", async () => {
    const hangs = "data:text/javascript,setInterval(() => {}, 60_000)";
    const stopped = await daemon({ NODE_OPTIONS: `--import "${hangs}"` });
    stopped.child.kill("SIGTERM");
    expect(await stopped.ended).toBe(0);
    expect(stopped.log.at(-1)).toMatchObject({ message: "stopped" });
  });

  test("a second signal ends it at once", async () => {
    const stopped = await daemon();
    digesterd.server.down = hang;
    await post(stopped);
    await vi.waitFor(() => expect(digesterd.server.requests).toHaveLength(1));
    stopped.child.kill("SIGTERM");
    await vi.waitFor(() =>
      expect(stopped.log).toContainEqual(expect.objectContaining({ message: "stopping" })),
    );
    stopped.child.kill("SIGINT");
    expect(await stopped.ended).toBe(130);
  });

  test("only by the signals that are named", async () => {
    const { child, ended } = await daemon({ RUNTIME_SIGNALS_OS_SIGNALS: "10" });
    child.kill("SIGUSR1");
    expect(await ended).toBe(0);
    const other = await daemon({ RUNTIME_SIGNALS_OS_SIGNALS: "10" });
    other.child.kill("SIGTERM");
    expect(await other.ended).toBe("SIGTERM");
  });
});

test("killed in the middle and started again: every 202 ends in a graph", async () => {
  const killed = await daemon();
  digesterd.server.down = hang;
  for (const window of windows) expect(await post(killed, graphOf(window))).toBe(202);
  await vi.waitFor(() => expect(digesterd.server.requests).toHaveLength(1));
  killed.child.kill("SIGKILL");
  await killed.ended;
  digesterd.server.down = undefined;
  const next = await daemon();
  for (const window of windows) await appears(next, graphOf(window));
});

test("processes that share a directory: of 60 simultaneous POSTs one gets 202, and all serve the graph", async () => {
  const three = await Promise.all([daemon(), daemon(), daemon()]);
  digesterd.polls = 20;
  const answers = await Promise.all(Array.from({ length: 20 }, () => three.map((one) => post(one))).flat());
  expect(answers.toSorted((a, b) => a - b)).toEqual([202, ...Array<number>(59).fill(409)]);
  for (const one of three) await appears(one);
  expect(digesterd.server.requests.filter(({ method }) => method === "POST")).toHaveLength(1);
});
