/**
 * How the work grows with its windows, and how it is shared: `npm run grow`, or less of it,
 *
 *     npm run grow -- --millions 1 --workers 1,2 --jobs 4 --each 100000
 *
 * First windows of some million records: the sums alone, and a job from its beginning to its end. Then one queue of SQS, as
 * fauxqs has it, with one worker, with two, with four. Linux only: CPU time and memory are read in /proc.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { TimeWindow } from "../../src/window.js";
import { ServiceProcess } from "../support/service-process.js";
import { SqsServer } from "../support/sqs.js";
import { temporaryDir } from "../support/temporary-dir.js";
import { BenchData } from "./data.js";
import { WINDOW } from "./make-records.js";
import { jobDeadlineMs, makeGraph, storedAt } from "./service.js";
import { SUMS, sums } from "./sums.js";

const numbers = z.string().transform((text) => text.split(",").map(Number));
const { values } = parseArgs({
  options: {
    millions: { type: "string", default: "1,5,20" },
    workers: { type: "string", default: "1,2,4" },
    jobs: { type: "string", default: "8" },
    each: { type: "string", default: "500000" },
  },
});
const { millions, workers, jobs, each } = z
  .object({ millions: numbers, workers: numbers, jobs: z.coerce.number(), each: z.coerce.number() })
  .parse(values);

/** A window of millions of records, on one process. */
async function grow(records: number) {
  const dir = await temporaryDir();
  try {
    const data = new BenchData(dir.path, records);
    const { directory } = await data.text();
    const dataDir = await data.directory("graphs");
    const alone = await sums(SUMS, `file:${directory}`).measure();
    const job = await makeGraph(data, directory, dataDir);
    const megabytes = async (kind: "dot" | "parquet") => (await stat(storedAt(dataDir, kind))).size / 1e6;
    return {
      "sums: CPU s": alone["CPU s"] ?? Number.NaN,
      "job: CPU s": job["CPU s"],
      "job: wall s": job["wall s"],
      "job: peak MB": job["peak MB"],
      "DOT MB": await megabytes("dot"),
      "Parquet MB": await megabytes("parquet"),
    };
  } finally {
    await dir.remove();
  }
}

/** Windows that hold the same records, through one queue. */
async function share(count: number, data: BenchData) {
  const { directory } = await data.text();
  const sqs = await SqsServer.start();
  const env = {
    GRAPH_DATA_DIR: join(await data.directory("shared"), String(count)),
    DIGESTER_ENDPOINT: `file:${directory}`,
    STREAM_APPLIANCE_ENDPOINT: sqs.endpoint,
    USE_IAM: "false",
    AWS_ACCESS_KEY_ID: "bench",
    AWS_SECRET_ACCESS_KEY: "bench",
    WORKER_CONCURRENCY: "1",
  };
  const processes: ServiceProcess[] = [];
  try {
    for (let n = 0; n < count; n++) processes.push(await ServiceProcess.start(env));
    const [first] = processes;
    if (first === undefined) throw new Error("expected a worker at least");
    const before = await Promise.all(processes.map((process) => process.resources()));
    const began = performance.now();
    const start = Date.parse(WINDOW.start);
    for (let n = 0; n < jobs; n++) {
      await first.post(TimeWindow.parse(new Date(start + n * 60_000).toISOString(), WINDOW.stop));
    }
    const done = () => processes.reduce((sum, process) => sum + process.logged("job-finished").length, 0);
    const deadline = began + jobs * jobDeadlineMs(data);
    while (done() < jobs && performance.now() < deadline) await new Promise((wake) => setTimeout(wake, 50));
    const after = await Promise.all(processes.map((process) => process.resources()));
    const cpu = after.map(({ cpuSeconds }, n) => cpuSeconds - (before[n]?.cpuSeconds ?? 0));
    return {
      graphs: done(),
      "wall s": (performance.now() - began) / 1000,
      "CPU s of all": cpu.reduce((sum, seconds) => sum + seconds, 0),
      "graphs of each": processes.map((process) => process.logged("job-finished").length).join(", "),
    };
  } finally {
    await Promise.all(processes.map((process) => process.kill()));
    await sqs.close();
  }
}

const round = (row: Record<string, number | string>) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === "number" ? Number(value.toFixed(1)) : value,
    ]),
  );

for (const million of millions) {
  console.log(`${million} million records`, round(await grow(million * 1_000_000)));
}
const dir = await temporaryDir();
try {
  const data = new BenchData(dir.path, each);
  for (const count of workers)
    console.log(`${jobs} windows of ${each}, ${count} workers`, round(await share(count, data)));
} finally {
  await dir.remove();
}
