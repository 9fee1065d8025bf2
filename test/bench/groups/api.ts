import { rm } from "node:fs/promises";
import { Pool } from "undici";
import { z } from "zod";
import { TimeWindow } from "../../../src/window.js";
import { forkScript, kill, message } from "../../support/child.js";
import { ServiceProcess } from "../../support/service-process.js";
import { type Comparison, type Contender, figure, type Measures, quantile } from "../compare.js";
import type { BenchData } from "../data.js";
import { jobDeadlineMs } from "../service.js";

const EVERY_MS = 5;
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
    const graph = new Asked(service.url, "HEAD", `/graph?${new URLSearchParams({ start, stop }).toString()}`);
    const health = new Asked(service.url, "GET", "/healthcheck");
    const bare = new Asked(bareUrl, "HEAD", "/200");
    let turn = 0;
    // Whether the last answer has come or not: who is made to wait mustn't ask less often.
    const asking = setInterval(() => {
      graph.ask();
      (turn++ % 2 === 0 ? health : bare).ask();
    }, EVERY_MS);
    await Promise.all(BUSY.map(ended)).finally(() => clearInterval(asking));
    const [heads, healths, bares] = await Promise.all(
      [graph, health, bare].map((asked) => asked.latencies()),
    );
    const { peakRss } = await service.resources();
    await service.stop();
    return {
      "HEAD p50 ms": quantile(heads ?? [], 0.5),
      "HEAD p99 ms": quantile(heads ?? [], 0.99),
      "HEAD max ms": quantile(heads ?? [], 1),
      "health ≤ 50 ms, %":
        (100 * (healths ?? []).filter((ms) => ms <= HEALTHY_MS).length) / (healths?.length ?? 0),
      "bare p99 ms": quantile(bares ?? [], 0.99),
      "peak MB": peakRss / 1e6,
    };
  } finally {
    await service.kill();
    await kill(bareServer);
    await rm(dataDir, { recursive: true });
  }
}

/** A question that is asked again and again. */
class Asked {
  readonly #pool: Pool;
  readonly #method: "GET" | "HEAD";
  readonly #path: string;
  readonly #answers: Promise<number>[] = [];

  constructor(url: string, method: "GET" | "HEAD", path: string) {
    // As many connections as it takes: waiting for one would be counted as the service's time.
    this.#pool = new Pool(url);
    this.#method = method;
    this.#path = path;
  }

  ask(): void {
    const answer = this.#answer();
    // Whoever waits for all of them gets it.
    answer.catch(() => undefined);
    this.#answers.push(answer);
  }

  async #answer(): Promise<number> {
    const asked = performance.now();
    const { statusCode, body } = await this.#pool.request({ method: this.#method, path: this.#path });
    await body.dump();
    if (statusCode !== 200) throw new Error(`${this.#method} ${this.#path}: expected 200, got ${statusCode}`);
    return performance.now() - asked;
  }

  /** Milliseconds of each answer, when all have come. */
  async latencies(): Promise<number[]> {
    const latencies = await Promise.all(this.#answers);
    await this.#pool.close();
    return latencies;
  }
}
