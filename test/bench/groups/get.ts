import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { TimeWindow } from "../../../src/window.js";
import { SAMPLE_WINDOW } from "../../make-sample-flow-logs.js";
import { bound, forkScript, kill, message } from "../../support/child.js";
import { NODE_OPTIONS, ServiceProcess } from "../../support/service-process.js";
import { type Comparison, type Contender, ratio } from "../compare.js";
import type { BenchData } from "../data.js";
import { type Headers, requestsPerSecond } from "../load.js";

const MAIN = fileURLToPath(new URL("../../../dist/main.js", import.meta.url));
const Line = z.looseObject({ message: z.string(), url: z.url().optional() });
const START_MS = 60_000;

/** Graphs on disk, the sample's: how many a second, beside a bare Fastify server that answers with as much. */
export async function* get(data: BenchData): AsyncGenerator<Comparison> {
  const dataDir = await data.directory("get");
  const window = TimeWindow.parse(SAMPLE_WINDOW.start, SAMPLE_WINDOW.stop);
  await makeSampleGraph(dataDir, window);
  const stored = join(dataDir, "graphs", `${window.id}.dot`);
  const bare = forkScript(new URL("../bare-server.mjs", import.meta.url), [stored]);
  const service = await serve(dataDir);
  try {
    const bareUrl = z.url().parse(await message(bare, AbortSignal.timeout(START_MS)));
    const graph = `${service.url}/graph?start=${window.start}&stop=${window.stop}`;
    const etag = (await fetch(graph, { headers: { "accept-encoding": "gzip" } })).headers.get("etag") ?? "";
    const absent = `${service.url}/graph?start=2000-01-01T00:00:00Z&stop=2000-01-01T01:00:00Z`;
    const cases: [status: 200 | 304 | 404, url: string, headers: Headers, share: number][] = [
      [200, graph, { "accept-encoding": "gzip" }, 0.5],
      [304, graph, { "accept-encoding": "gzip", "if-none-match": etag }, 0.5],
      [404, absent, {}, 0.4],
    ];
    for (const [status, url, headers, atLeast] of cases) {
      yield {
        title: `GET of a small graph on disk: ${status}`,
        contenders: [
          load("service", status, url, headers),
          load("bare Fastify", status, `${bareUrl}/${status}`, headers),
        ],
        goals: [
          {
            what: `GET of a small graph: ${status}, share of a bare server`,
            of: ratio("requests/s", "service", "bare Fastify"),
            atLeast,
          },
        ],
      };
    }
  } finally {
    await kill(service.child);
    await kill(bare);
  }
}

function load(name: string, status: number, url: string, headers: Headers): Contender {
  return {
    name,
    measure: async () => ({ "requests/s": await requestsPerSecond(url, headers, status) }),
  };
}

async function makeSampleGraph(dataDir: string, window: TimeWindow): Promise<void> {
  const service = await ServiceProcess.start({
    GRAPH_DATA_DIR: dataDir,
    DIGESTER_ENDPOINT: "file:test/fixtures/flow-logs",
  });
  await service.post(window);
  await service.event("job-finished");
  await service.stop();
}

/** A service whose log, a line a request, goes to a file, so that nobody has to read it meanwhile. */
async function serve(dataDir: string) {
  const path = join(dataDir, "log");
  const log = await open(path, "w");
  const child = bound(
    spawn(process.execPath, [...NODE_OPTIONS, MAIN], {
      env: { PORT: "0", GRAPH_DATA_DIR: dataDir },
      stdio: ["ignore", log.fd, "inherit"],
    }),
  );
  await log.close();
  const deadline = AbortSignal.timeout(START_MS);
  const ended = once(child, "exit").then(() => {
    throw new Error("the service ended before it listened");
  });
  ended.catch(() => undefined);
  for (;;) {
    const lines = (await readFile(path, "utf8")).split("\n").slice(0, -1);
    const url = lines
      .map((line) => Line.parse(JSON.parse(line)))
      .find(({ message }) => message === "listening")?.url;
    if (url !== undefined) return { child, url };
    await Promise.race([sleep(20, undefined, { signal: deadline }), ended]);
  }
}
