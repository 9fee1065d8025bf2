import { expect, test } from "vitest";
import type { Digester } from "../../../../src/digester/digester.js";
import type { Job } from "../../../../src/job.js";
import { Process, Stores, window } from "../../../support/processes.js";
import { rowsOf, usualRecord } from "./aws-parquet.js";
import { digesterOf, startAthena } from "./from-athena.js";

const RECORD = usualRecord(window.startDate.getTime() / 1000);

/** Processes that share their stores and an Athena, and how a job is asked for. */
async function startProcesses() {
  const servers = await startAthena({
    rows: `select *, 'eu-west-1' as region, '2019/06/01' as day from (${rowsOf([RECORD])})`,
  });
  const stores = new Stores();
  const start = () => {
    const source = digesterOf(servers);
    const digest: Digester["digest"] = (...given) => source.digest(...given);
    return new Process(stores, {}, { digest });
  };
  const ask = async (by: Process, refresh: boolean): Promise<Job> => {
    expect(await by.service.request(window, refresh)).toMatchObject({ state: "queued" });
    const job = stores.queue.jobs.pop();
    if (job === undefined) throw new Error("expected a job in the queue");
    return job;
  };
  return { ...servers, start, ask };
}

test("a job that a stopping process hands back costs one query, and a refresh another", async () => {
  const { athena, start, ask } = await startProcesses();
  const [first, second] = [start(), start()];
  const job = await ask(first, false);
  athena.held = true;
  const produced = first.service.produce(job).catch((error: unknown) => error);
  await expect.poll(() => athena.count("GetQueryExecution")).toBeGreaterThan(0);
  await first.service.stop();
  await produced;
  athena.held = false;
  expect(await second.service.produce(job)).toBe(true);
  expect(athena.queries).toHaveLength(1);
  expect(athena.count("StopQueryExecution")).toBe(0);
  expect(await second.service.produce(await ask(second, true))).toBe(true);
  expect(athena.queries).toHaveLength(2);
  await second.service.stop();
});

test("the job's event has the query and the bytes that it scanned, which are a metric", async () => {
  const { athena, start, ask } = await startProcesses();
  const process = start();
  await process.service.produce(await ask(process, false));
  const finished = process.records.events.find(({ message }) => message === "job-finished");
  expect(finished).toMatchObject({
    athenaQuery: athena.queries[0]?.id,
    scannedBytes: 1234,
    records: 1,
    edges: 1,
  });
  expect(process.records.counted("grapherd.digest.scanned_bytes", undefined)).toBe(1234);
  await process.service.stop();
});
