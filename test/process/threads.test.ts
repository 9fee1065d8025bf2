import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { TimeWindow } from "../../src/window.js";
import { ServiceProcess } from "../support/service-process.js";
import { temporaryDir } from "../support/temporary-dir.js";

const HOUR = TimeWindow.parse("2024-06-02T00:00:00Z", "2024-06-02T01:00:00Z");
const LOG = `version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status
2 123456789012 eni-1 10.0.0.1 10.0.0.2 40000 443 6 3 300 1717286400 1717286460 ACCEPT OK
`;
const PRELOAD = ["--import", new URL("../support/failing-thread.mjs", import.meta.url).href];

/** A service of a flow log, in which threads of a script fail until `mend` is called. */
async function startFailing(thread: string) {
  const dir = await temporaryDir();
  const logs = join(dir.path, "logs");
  const fails = join(dir.path, "fails");
  await mkdir(logs);
  await writeFile(join(logs, "flow.log"), LOG);
  await writeFile(fails, "");
  const service = await ServiceProcess.start(
    {
      GRAPH_DATA_DIR: join(dir.path, "data"),
      DIGESTER_ENDPOINT: `file:${logs}`,
      FAIL_THREAD: thread,
      FAIL_WHILE: fails,
    },
    PRELOAD,
  );
  onTestFinished(async () => {
    await service.stop();
    await dir.remove();
  });
  return { service, mend: () => rm(fails) };
}

test("when the thread for views and findings fails, one answer fails with it, and the next one is from a new thread", async () => {
  const { service, mend } = await startFailing("answer-thread.js");
  await service.post(HOUR);
  await service.event("job-finished");
  const findings = `/graph/findings?start=${HOUR.start}&stop=${HOUR.stop}`;

  const first = service.fetch(findings);
  expect(await service.event("answers-restarted")).toMatchObject({ level: "warn", reason: "out of memory" });

  // The thread that failed hasn't ended yet.
  await mend();
  expect((await service.fetch(findings)).status).toBe(200);
  expect((await first).status).toBe(500);
  expect(service.logged("answers-restarted")).toHaveLength(1);
});

test("when the thread that makes graphs fails, the job is told why, and its next attempt has a new thread", async () => {
  const { service, mend } = await startFailing("digest-thread.js");
  await service.post(HOUR);
  expect(await service.event("unknown-failure")).toMatchObject({
    level: "warn",
    final: false,
    reason: "the thread that reads flow logs has ended",
    error: { cause: { message: "out of memory" } },
  });
  await mend();
  expect(await service.event("job-finished")).toMatchObject({ edges: 1 });
});
