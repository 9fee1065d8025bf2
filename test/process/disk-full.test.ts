import { execFileSync } from "node:child_process";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { TimeWindow } from "../../src/window.js";
import { digestOf, dotOf } from "../support/deployment.js";
import { startDigesterd, type Digesterd } from "../support/digesterd.js";
import { eventually } from "../support/eventually.js";
import { nthHour } from "../support/graph-id.js";
import { seededRandom } from "../support/random.js";
import { ServiceProcess } from "../support/service-process.js";
import { temporaryDir, type TemporaryDir } from "../support/temporary-dir.js";

const DISK_BYTES = 1024 * 1024;

/** Whether a file system of a megabyte can be had, which takes root. Without, this is skipped here and a failure in CI. */
function canMount(): boolean {
  const may = process.platform === "linux" && process.getuid?.() === 0;
  if (!may && process.env["CI"] === "true") throw new Error("CI can't mount a tmpfs: it doesn't run as root");
  if (!may) console.warn("skipped: only root can mount a small file system");
  return may;
}

/** The digest of a graph that takes two megabytes: random addresses can't be compressed. */
function largeDigest(): string {
  const random = seededRandom(1);
  const address = () => Array.from({ length: 4 }, () => Math.floor(random() * 256)).join(".");
  const line = () => `2 1 eni-1 ${address()} ${address()} 1 443 6 20 4249 1418530010 1418530070 ACCEPT OK\n`;
  return Array.from({ length: 30_000 }, line).join("");
}

const sendDigest: Digesterd["send"] = (url, response) =>
  response.end(digestOf(url.searchParams.get("start") ?? ""));

describe.runIf(canMount())("the disk is full", () => {
  let dir: TemporaryDir;
  let disk: string;
  let digesterd: Digesterd;
  let service: ServiceProcess;
  let before: { descriptors: number; rss: number };

  const files = () => readdir(disk, { recursive: true, withFileTypes: true });
  const graphFiles = async () =>
    (await files())
      .filter((file) => file.isFile() && file.parentPath.includes("graphs") && !file.name.endsWith(".json"))
      .map(({ name }) => name);
  const claims = async () => (await files()).filter(({ name }) => name.endsWith("_in_progress"));

  async function look(window: TimeWindow): Promise<{ status: number; body: string }> {
    const answer = await service.get(window);
    return { status: answer.status, body: await answer.text() };
  }

  async function isMade(window: TimeWindow): Promise<void> {
    await eventually(async () => {
      const { status } = await look(window);
      if (status === 404) await service.post(window);
      expect(status).toBe(200);
    });
    expect((await look(window)).body).toBe(await dotOf(digestOf(window.start)));
    await eventually(async () => expect(await claims()).toEqual([]));
  }

  /** Takes all the room that is left, and gives it back. */
  async function fill(): Promise<() => Promise<void>> {
    const filler = join(disk, "filler");
    await expect(writeFile(filler, Buffer.alloc(2 * DISK_BYTES))).rejects.toThrow("ENOSPC");
    return () => rm(filler);
  }

  beforeAll(async () => {
    dir = await temporaryDir();
    disk = join(dir.path, "disk");
    await mkdir(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", disk]);
    digesterd = await startDigesterd("");
    service = await ServiceProcess.start({
      GRAPH_DATA_DIR: join(disk, "data"),
      GRAPH_PROGRESS_TIMEOUT: "10000",
      DIGESTER_ENDPOINT: digesterd.server.url.href,
      DIGESTER_POLLING_INTERVAL: "10",
      WORKER_RETRIES: "1",
      WORKER_RETRY_DELAY: "10ms",
    });
    digesterd.send = sendDigest;
    await isMade(nthHour(0));
    before = await service.resources();
  });

  afterEach(async () => {
    digesterd.send = sendDigest;
    await expect
      .poll(async () => (await service.resources()).descriptors)
      .toBeLessThanOrEqual(before.descriptors + 3);
  });

  afterAll(async () => {
    await service.stop();
    await digesterd.server.close();
    execFileSync("umount", [disk]);
    await dir.remove();
  });

  test("a graph that doesn't fit: the job fails with a reason, and leaves nothing", async () => {
    const window = nthHour(1);
    digesterd.send = (_url, response) => response.end(largeDigest());
    expect((await service.post(window)).status).toBe(202);
    await eventually(async () => expect((await look(window)).status).toBe(404));
    expect((await look(window)).body).toContain("the storage failed; ask again later");
    const failed = service.events.find((event) => event["graphId"] === window.id && event["final"] === true);
    expect(failed).toMatchObject({ level: "error", dependency: "storage" });
    expect(failed?.["reason"]).toContain("ENOSPC");
    expect(await graphFiles()).toEqual([`${nthHour(0).id}.dot`]);

    digesterd.send = sendDigest;
    await isMade(window);
  });

  test("not a byte left: the request fails, and works as soon as there is room", async () => {
    const window = nthHour(2);
    const readiness = async () => (await service.fetch("/readiness")).status;
    expect(await readiness()).toBe(200);
    const free = await fill();
    await expect.poll(readiness).toBe(503);
    const asked = await service.post(window);
    expect(asked.status).toBe(500);
    expect(await asked.json()).toMatchObject({ message: expect.stringContaining("marker") as unknown });
    const failure = await service.event("dependency-failure", { dependency: "marker" });
    expect(failure["reason"]).toContain("ENOSPC");
    expect((await look(nthHour(0))).body).toBe(await dotOf(digestOf(nthHour(0).start)));
    await free();
    await expect.poll(readiness).toBe(200);
    await isMade(window);
  });

  test("filled while a job runs: its claim lapses, and the job is done when there is room", async () => {
    const window = nthHour(3);
    const held: (() => void)[] = [];
    digesterd.send = (url, response) => held.push(() => sendDigest(url, response));
    expect((await service.post(window)).status).toBe(202);
    await expect.poll(() => held.length).toBe(1);
    const free = await fill();
    digesterd.send = sendDigest;
    held.pop()?.();
    const failure = await service.event("dependency-failure", { graphId: window.id });
    expect(failure["reason"]).toContain("ENOSPC");
    await eventually(async () => expect((await look(window)).status).not.toBe(204));
    expect((await look(window)).status).not.toBe(200);
    await free();
    await isMade(window);
  });
});
