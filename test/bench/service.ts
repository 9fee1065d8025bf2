import { rm } from "node:fs/promises";
import { join } from "node:path";
import { TimeWindow } from "../../src/window.js";
import { ServiceProcess } from "../support/service-process.js";
import type { Contender } from "./compare.js";
import type { BenchData } from "./data.js";
import { WINDOW } from "./make-records.js";

/** What it measures above its start alone: a job from its beginning to its end, in a service of its own. */
export function job(
  name: string,
  data: BenchData,
  directory: string,
  env: NodeJS.ProcessEnv = {},
): Contender {
  return {
    name,
    measure: async () => {
      const dataDir = await data.directory("job");
      try {
        return await makeGraph(data, directory, dataDir, env);
      } finally {
        await rm(dataDir, { recursive: true });
      }
    },
  };
}

/** Has a graph made of all records, in a service that ends then. */
export async function makeGraph(
  data: BenchData,
  directory: string,
  dataDir: string,
  env: NodeJS.ProcessEnv = {},
) {
  const service = await ServiceProcess.start({
    GRAPH_DATA_DIR: dataDir,
    DIGESTER_ENDPOINT: `file:${directory}`,
    ...env,
  });
  try {
    const before = await service.resources();
    await service.post(TimeWindow.parse(WINDOW.start, WINDOW.stop));
    const { durationMs } = await service.event("job-finished", {}, jobDeadlineMs(data));
    const { cpuSeconds, peakRss } = await service.resources();
    await service.stop();
    return {
      "wall s": Number(durationMs) / 1000,
      "CPU s": cpuSeconds - before.cpuSeconds,
      "peak MB": peakRss / 1e6,
    };
  } finally {
    await service.kill();
  }
}

/** Ten times what it should take. */
export function jobDeadlineMs({ records }: BenchData): number {
  return 60_000 + records / 20;
}

/** Where a service keeps a graph on disk. */
export function storedAt(dataDir: string, extension: "dot" | "parquet"): string {
  const { id } = TimeWindow.parse(WINDOW.start, WINDOW.stop);
  return join(dataDir, "graphs", `${id}.${extension}`);
}
