import { rm } from "node:fs/promises";
import { z } from "zod";
import { TimeWindow } from "../../../src/window.js";
import { forkScript, kill, message } from "../../support/child.js";
import { ServiceProcess } from "../../support/service-process.js";
import { type Comparison, type Contender, figure, type Measures, quantile } from "../compare.js";
import type { BenchData } from "../data.js";
import { latencies } from "../latencies.js";
import { jobDeadlineMs } from "../service.js";

const HEALTHY_MS = 50;

/** Nothing was logged in it: its graph is small, and made at once. */
const IDLE = TimeWindow.parse("2023-11-14T10:00:00Z", "2023-11-14T11:00:00Z");
/** Two jobs that read the same files. */
const BUSY = [
  TimeWindow.parse("2023-11-14T22:00:00Z", "2023-11-15T00:00:00Z"),
  TimeWindow.parse("2023-11-14T22:00:00Z", "2023-11-15T00:01:00Z"),
] as const;

/** How fast callers are answered while two jobs run, and by a bare server beside it, which has nothing else to do. */
export async function* api(data: BenchData): AsyncGenerator<Comparison> {
  const forms = { "two jobs of gz": await data.gz(), "two jobs of Parquet": await data.parquet() };
  for (const [name, { directory }] of Object.entries(forms)) {
    yield {
      title: `answers during ${name}`,
      contenders: [{ name, measure: () => answersDuring(data, directory) } satisfies Contender],
      goals: [
        { what: `HEAD of a graph during ${name}, p99 ms`, of: figure("HEAD p99 ms", name), atMost: 20 },
        {
          what: `/healthcheck within 50 ms during ${name}, %`,
          of: figure("health ≤ 50 ms, %", name),
          atLeast: 99,
        },
      ],
    };
  }
}

async function answersDuring(data: BenchData, directory: string): Promise<Measures> {
  const dataDir = await data.directory("api");
  const bareServer = forkScript(new URL("../bare-server.mjs", import.meta.url), ["/dev/null"]);
  const service = await ServiceProcess.start({
    GRAPH_DATA_DIR: dataDir,
    DIGESTER_ENDPOINT: `file:${directory}`,
  });
  try {
    const deadline = jobDeadlineMs(data);
    const ended = async (window: TimeWindow) =>
      service.event("job-finished", { graphId: window.id }, deadline);
    await service.post(IDLE);
    await ended(IDLE);
    const bareUrl = z.url().parse(await message(bareServer, AbortSignal.timeout(30_000)));

    for (const window of BUSY) await service.post(window);
    const { start, stop } = IDLE;
    const graph = `/graph?${new URLSearchParams({ start, stop }).toString()}`;
    const over = new AbortController();
    const asking = Promise.all([
      latencies(service.url, "HEAD", graph, over.signal),
      latencies(service.url, "GET", "/healthcheck", over.signal),
      latencies(bareUrl, "HEAD", "/200", over.signal),
    ]);
    await Promise.race([Promise.all(BUSY.map(ended)), asking]).finally(() => over.abort());
    const [heads, healths, bares] = await asking;
    const { peakRss } = await service.resources();
    await service.stop();
    return {
      "HEAD p50 ms": quantile(heads, 0.5),
      "HEAD p99 ms": quantile(heads, 0.99),
      "HEAD max ms": quantile(heads, 1),
      "health ≤ 50 ms, %": (100 * healths.filter((ms) => ms <= HEALTHY_MS).length) / healths.length,
      "bare p99 ms": quantile(bares, 0.99),
      "peak MB": peakRss / 1e6,
    };
  } finally {
    await service.kill();
    await kill(bareServer);
    await rm(dataDir, { recursive: true });
  }
}
