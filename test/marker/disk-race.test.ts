import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { DiskMarker } from "../../src/marker/disk.js";
import type { Claim } from "../../src/marker/marker.js";
import { bundle } from "../support/bundle.js";
import { forkScript, kill, message } from "../support/child.js";
import { graphId } from "../support/graph-id.js";
import { temporaryDir } from "../support/temporary-dir.js";

const claim: Claim = { token: "next", start: "", stop: "", refresh: false, state: "queued" };
const PROCESSES = ["a", "b", "c", "d"];

let racer: URL;

beforeAll(async () => {
  racer = await bundle(new URL("disk-racer.ts", import.meta.url));
});

async function racers(turns: number, signal: AbortSignal) {
  const dir = await temporaryDir();
  const children = PROCESSES.map((name) => forkScript(racer, [dir.path, name, `${turns}`]));
  onTestFinished(async () => {
    await Promise.all(children.map(kill));
    await dir.remove();
  });
  for (const said of await Promise.all(children.map((child) => message(child, signal)))) {
    expect(said).toBe("ready");
  }
  const marker = new DiskMarker({ dir: dir.path, staleMs: 60_000 });
  await marker.start();
  onTestFinished(() => marker.stop());
  return { dir, children, marker };
}

/** Releases what is there, as the last holder; nothing else may be left. */
async function expectClean(marker: DiskMarker, path: string, signal: AbortSignal): Promise<void> {
  const record = await marker.read(graphId(1), signal);
  if (record !== undefined) expect(await marker.remove(graphId(1), record.version, signal)).toBe(true);
  expect(await readdir(join(path, "claims"), { recursive: true })).toEqual([".tmp"]);
}

test("processes that race for a claim: never do two hold it", async ({ signal }) => {
  const { dir, children, marker } = await racers(150, signal);
  const answers = children.map((child) => message(child, signal));
  for (const child of children) child.send("go");
  let wins = 0;
  for (const answer of await Promise.all(answers)) {
    wins += z.object({ wins: z.int() }).parse(answer).wins;
  }
  expect(wins).toBeGreaterThan(PROCESSES.length);
  await expectClean(marker, dir.path, signal);
});

test("a process killed while it holds, takes or releases a claim leaves a whole record or none", async ({
  signal,
}) => {
  const { dir, children, marker } = await racers(1_000_000, signal);
  for (const [round, child] of children.entries()) {
    child.send("go");
    await setTimeout(30 + 7 * round);
    await kill(child);
    const record = await marker.read(graphId(1), signal);
    if (record !== undefined) {
      expect(record.claim?.token).toBe(PROCESSES[round]);
      expect(await marker.remove(graphId(1), record.version, signal)).toBe(true);
    }
    const version = await marker.create(graphId(1), claim, signal);
    expect(await marker.remove(graphId(1), version ?? "", signal)).toBe(true);
    // The next one makes it anew.
    await rm(join(dir.path, "held"), { recursive: true, force: true });
  }
  const next = new DiskMarker({ dir: dir.path, staleMs: -1 });
  await next.start();
  await next.stop();
  await expectClean(marker, dir.path, signal);
});
