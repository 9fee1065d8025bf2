// One job through the whole service: lines a second, peak memory of the process, and how fast it answers meanwhile.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { listen } from "../support/listen.js";
import { makeDigest, type Shape } from "./make-digest.js";

const LINES = 1_000_000;
const ROUNDS = 3;
const SHAPES: readonly Shape[] = ["usual", "distinct"];
const WINDOW = "start=2023-11-14T22:00:00Z&stop=2023-11-15T00:00:00Z";
const Listening = z.object({ message: z.literal("listening"), url: z.url() });
const Finished = z.object({ message: z.literal("job-finished"), durationMs: z.number() });

const folder = await mkdtemp(join(tmpdir(), "service-bench-"));
let served = "";
/** A vpcflow-digesterd that has every digest at once. */
const digesterd = createServer((request, response) => {
  if (request.method === "POST") response.writeHead(202).end();
  else pipeline(createReadStream(served), response).catch((error: unknown) => console.error(error));
});
const { port } = await listen(digesterd);

/** The next event of this kind in the service's log. */
function logged<T>(log: Interface, kind: z.ZodType<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    log.on("line", (line) => {
      const event = kind.safeParse(JSON.parse(line));
      if (event.success) resolve(event.data);
    });
    log.once("close", () => reject(new Error("the service ended before it was done")));
  });
}

async function measure(dataDir: string) {
  const service = spawn(process.execPath, [fileURLToPath(new URL("../../dist/main.js", import.meta.url))], {
    env: {
      ...process.env,
      PORT: "0",
      GRAPH_DATA_DIR: dataDir,
      DIGESTER_ENDPOINT: `http://127.0.0.1:${port}/`,
      DIGESTER_POLLING_INTERVAL: "10",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(service, "exit");
  const log = createInterface({ input: service.stdout });
  const { url } = await logged(log, Listening);
  const finished = logged(log, Finished);
  await fetch(`${url}/graph?${WINDOW}`, { method: "POST" });
  let job: z.infer<typeof Finished> | undefined;
  const latencies: number[] = [];
  while (job === undefined) {
    const asked = performance.now();
    await (await fetch(`${url}/healthcheck`)).text();
    latencies.push(performance.now() - asked);
    job = await Promise.race([finished, sleep(5, undefined)]);
  }
  const status = await readFile(`/proc/${service.pid}/status`, "utf8");
  service.kill();
  await exited;
  latencies.sort((a, b) => a - b);
  const quantile = (q: number) => latencies[Math.ceil(q * latencies.length) - 1] ?? Number.NaN;
  return {
    "M lines/s": LINES / job.durationMs / 1000,
    "peak RSS MB": Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024,
    "health p50 ms": quantile(0.5),
    "health p99 ms": quantile(0.99),
    "health max ms": quantile(1),
  };
}

try {
  for (const shape of SHAPES) {
    const plain = join(folder, `${shape}.digest`);
    await makeDigest(plain, LINES, shape);
    execFileSync("gzip", ["-1", plain]);
    served = `${plain}.gz`;
    console.log(`\na job of ${LINES.toLocaleString("en")} lines through the service, gzip to gzip, ${shape}`);
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await measure(join(folder, `${shape}${round}`)));
    console.table(rounds);
  }
} finally {
  digesterd.close();
  await rm(folder, { recursive: true });
}
