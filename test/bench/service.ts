// One job through the whole service: lines a second, peak memory of the process, and how fast it answers meanwhile.
import { execFileSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { TimeWindow } from "../../src/window.js";
import { startDigesterd } from "../support/digesterd.js";
import { ServiceProcess } from "../support/service-process.js";
import { temporaryDir } from "../support/temporary-dir.js";
import { makeDigest, type Shape } from "./make-digest.js";

const LINES = 1_000_000;
const ROUNDS = 3;
const SHAPES: readonly Shape[] = ["usual", "distinct"];
const window = TimeWindow.parse("2023-11-14T22:00:00Z", "2023-11-15T00:00:00Z");

const dir = await temporaryDir();
let served = "";
const digesterd = await startDigesterd("");
digesterd.polls = 0;
digesterd.send = (_url, response) => {
  pipeline(createReadStream(served), response).catch((error: unknown) => console.error(error));
};

async function measure(dataDir: string) {
  const service = await ServiceProcess.start({
    GRAPH_DATA_DIR: dataDir,
    DIGESTER_ENDPOINT: digesterd.server.url.href,
    DIGESTER_POLLING_INTERVAL: "10",
  });
  const finished = service.event("job-finished", {}, 120_000);
  await service.post(window);
  let job: Awaited<typeof finished> | undefined;
  const latencies: number[] = [];
  while (job === undefined) {
    const asked = performance.now();
    // Not as the service's tests ask, which check each answer.
    await (await fetch(`${service.url}/healthcheck`)).text();
    latencies.push(performance.now() - asked);
    job = await Promise.race([finished, sleep(5, undefined)]);
  }
  const { peakRss } = await service.resources();
  await service.stop();
  latencies.sort((a, b) => a - b);
  const quantile = (q: number) => latencies[Math.ceil(q * latencies.length) - 1] ?? Number.NaN;
  return {
    "M lines/s": LINES / Number(job["durationMs"]) / 1000,
    "peak RSS MB": peakRss / 1024 / 1024,
    "health p50 ms": quantile(0.5),
    "health p99 ms": quantile(0.99),
    "health max ms": quantile(1),
  };
}

try {
  for (const shape of SHAPES) {
    const plain = join(dir.path, `${shape}.digest`);
    await makeDigest(plain, LINES, shape);
    execFileSync("gzip", ["-1", plain]);
    served = `${plain}.gz`;
    console.log(`\na job of ${LINES.toLocaleString("en")} lines through the service, gzip to gzip, ${shape}`);
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++)
      rounds.push(await measure(join(dir.path, `${shape}${round}`)));
    console.table(rounds);
  }
} finally {
  await digesterd.server.close();
  await dir.remove();
}
