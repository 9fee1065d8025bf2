import { readdir, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { TimeWindow } from "../../src/window.js";
import { digestOf, dotOf } from "../support/deployment.js";
import { startDigesterd, type Digesterd } from "../support/digesterd.js";
import { eventually } from "../support/eventually.js";
import { nthHour } from "../support/graph-id.js";
import { ServiceProcess } from "../support/service-process.js";
import { temporaryDir, type TemporaryDir } from "../support/temporary-dir.js";

const HOUR_MS = 3_600_000;

let asked = 0;
let window: TimeWindow;
let dir: TemporaryDir;
let digesterd: Digesterd;
let first: ServiceProcess | undefined;
let second: ServiceProcess;
/** Sends the rest of the digests that were asked for. */
let held: (() => void)[];

function start(): Promise<ServiceProcess> {
  return ServiceProcess.start({
    GRAPH_DATA_DIR: dir.path,
    GRAPH_PROGRESS_TIMEOUT: "6000",
    DIGESTER_ENDPOINT: digesterd.server.url.href,
    DIGESTER_POLLING_INTERVAL: "10",
  });
}

beforeAll(async () => {
  dir = await temporaryDir();
  digesterd = await startDigesterd("");
  digesterd.send = (_url, response) => {
    response.writeHead(200).flushHeaders();
    held.push(() => response.end(digestOf(window.start)));
  };
  second = await start();
});

/** Another window, and a process in the place of one that a test has killed. */
beforeEach(async () => {
  held = [];
  window = nthHour(asked++);
  if (first?.ended !== false) first = await start();
});

afterAll(async () => {
  await Promise.all([first?.kill(), second.kill()]);
  await digesterd.server.close();
  await dir.remove();
});

/** To those who share the disk, its clock has been set: what was written before is an hour old, or an hour ahead. */
async function setClock(byMs: number): Promise<void> {
  const records = join(dir.path, "claims");
  for (const { name, parentPath } of await readdir(records, { recursive: true, withFileTypes: true })) {
    const path = join(parentPath, name);
    // A record that is renewed meanwhile has another name.
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.NaN }));
    if (Number.isNaN(mtimeMs)) continue;
    const time = (mtimeMs - byMs) / 1000;
    await utimes(path, time, time).catch(() => undefined);
  }
}

async function claims(): Promise<string[]> {
  return (await dir.contents()).names.filter((name) => name.endsWith("_in_progress"));
}

async function isMade(): Promise<void> {
  await eventually(async () => {
    for (const send of held.splice(0)) send();
    const answer = await second.get(window);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(await dotOf(digestOf(window.start)));
  });
  await expect.poll(claims).toEqual([]);
}

const directions = [
  ["ahead", HOUR_MS],
  ["back", -HOUR_MS],
] as const;

test.for(directions)("set %s by an hour while a job runs: its graph is made", async ([, byMs]) => {
  expect((await first?.post(window))?.status).toBe(202);
  await expect.poll(() => held.length).toBe(1);
  await setClock(byMs);
  await isMade();
});

test.for(directions)("set %s by an hour after a worker died: another takes over", async ([, byMs]) => {
  expect((await first?.post(window))?.status).toBe(202);
  await expect.poll(() => held.length).toBe(1);
  await first?.kill();
  held = [];
  await setClock(byMs);
  await second.event("job-taken-up", { graphId: window.id });
  await isMade();
});
