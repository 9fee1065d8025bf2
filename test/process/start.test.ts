import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listen } from "../support/listen.js";
import { ServiceProcess } from "../support/service-process.js";
import { temporaryDir, type TemporaryDir } from "../support/temporary-dir.js";

let dir: TemporaryDir;

beforeEach(async () => {
  dir = await temporaryDir();
});

afterEach(() => dir.remove());

test("a wrong environment ends in one message that lists every fault", async () => {
  const env = {
    PORT: "http",
    WORKER_RETRIES: "-1",
    RUNTIME_SIGNALS_OS_SIGNALS: "15 9",
    GRAPH_DATA_DIR: dir.path,
  };
  const { code, stderr } = await ServiceProcess.refusal(env);
  expect(stderr.trimEnd().split("\n")).toEqual([
    "vpcflow-grapherd: the environment has 3 faults:",
    expect.stringMatching(/^ {2}PORT: expected a whole number from 0 to 65535, got "http"$/),
    expect.stringMatching(/^ {2}WORKER_RETRIES: expected a whole number from 0 to 100, got "-1"$/),
    expect.stringMatching(/^ {2}RUNTIME_SIGNALS_OS_SIGNALS: expected numbers of signals .*, got "15 9"$/),
  ]);
  expect(code).toBe(1);
  expect((await dir.contents()).names).toEqual([]);
});

test("a misspelt token setting doesn't open the door: it stops the start", async () => {
  const { code, stderr } = await ServiceProcess.refusal({ API_TOKEN: "hush-hush", GRAPH_DATA_DIR: dir.path });
  expect(stderr).toMatch(
    /^vpcflow-grapherd: the environment has 1 fault:\n {2}API_TOKEN: .*expected API_TOKENS\./,
  );
  expect(stderr).not.toContain("hush-hush");
  expect(code).toBe(1);
  expect((await dir.contents()).names).toEqual([]);
});

test("what does nothing, and what is taken as something else, is said once in the log", async () => {
  const service = await ServiceProcess.start({
    GRAPH_DATA_DIR: dir.path,
    GRAPH_MAX_WINDOWS: "1h",
    GRAPH_PROGRESS_TIMEOUT: "10",
    RUNTIME_STATS_OUTPUT: "NULL",
    RUNTIME_STATS_DATADOG_TAGS: '""',
    HTTP_PROXY: "http://127.0.0.1:1",
  });
  await service.stop();
  const warnings = service.events.filter(({ level }) => level === "warn");
  expect(warnings).toMatchObject([
    {
      message: "variables-ignored",
      variables: ["GRAPH_MAX_WINDOWS"],
      reason: expect.stringMatching(/ GRAPH_MAX_WINDOW$/),
    },
    {
      message: "variable-adjusted",
      variables: ["GRAPH_PROGRESS_TIMEOUT"],
      reason: "10 is too small: the service uses 1000",
    },
  ]);
});

test("a port that is taken", async () => {
  const other = await listen(createServer());
  const { code, stderr } = await ServiceProcess.refusal({ PORT: `${other.port}`, GRAPH_DATA_DIR: dir.path });
  await other.close();
  expect(stderr).toBe(
    `vpcflow-grapherd: listen EADDRINUSE: address already in use 127.0.0.1:${other.port}\n`,
  );
  expect(code).toBe(1);
});

test("a data directory that can't be made", async () => {
  await writeFile(join(dir.path, "file"), "");
  const { code, stderr } = await ServiceProcess.refusal({ GRAPH_DATA_DIR: join(dir.path, "file", "data") });
  expect(stderr).toMatch(/^vpcflow-grapherd: preparing .*ENOTDIR: .*\n$/);
  expect(code).toBe(1);
});

test("goes on when nobody reads its log any more", async () => {
  const service = await ServiceProcess.start({ GRAPH_DATA_DIR: dir.path });
  service.stopReading();
  for (let time = 0; time < 3; time++) {
    // Each is an event of the log.
    expect(await service.fetch("/nothing")).toMatchObject({ status: 404 });
  }
  await service.kill();
});
