import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { DiskStorage } from "../../src/storage/disk.js";
import { bundle } from "../support/bundle.js";
import { bytesOf } from "../support/bytes-of.js";
import { forkScript, kill, message } from "../support/child.js";
import { graphId } from "../support/graph-id.js";
import { temporaryDir } from "../support/temporary-dir.js";

test("a process killed while it stores leaves a whole graph or none, and is cleaned up after", async ({
  signal,
}) => {
  const writer = await bundle(new URL("disk-writer.ts", import.meta.url));
  const dir = await temporaryDir();
  onTestFinished(() => dir.remove());
  const storage = new DiskStorage({ dir: dir.path, staleMs: 60_000 });
  await storage.start();
  let cut = 0;
  let whole = 0;

  async function readWhole(): Promise<void> {
    const stored = await storage.get(graphId(1), signal);
    if (stored === undefined) return;
    const bytes = await bytesOf(stored.body);
    expect(bytes.equals(Buffer.alloc(200_000, bytes[0]))).toBe(true);
    whole += 1;
  }

  for (let round = 0; round < 60 && (cut < 4 || whole === 0); round += 1) {
    const child = forkScript(writer, [dir.path]);
    try {
      expect(await message(child, signal)).toBe("ready");
      // Spread over the few milliseconds that one graph takes; most hit in the middle. Later rounds wait longer: a busy
      // machine may not finish a graph before.
      const killed = setTimeout((20 + ((round * 7) % 13)) * (1 + round / 4)).then(() => kill(child));
      while (child.signalCode === null && !signal.aborted) await readWhole();
      await killed;
    } finally {
      await kill(child);
    }
    await readWhole();
    cut += (await readdir(join(dir.path, "graphs", ".tmp"))).length > 0 ? 1 : 0;
    const next = new DiskStorage({ dir: dir.path, staleMs: -1 });
    await next.start();
    expect(await readdir(join(dir.path, "graphs", ".tmp"))).toEqual([]);
  }
  expect(whole).toBeGreaterThan(0);
  expect(cut, "kills that hit in the middle").toBeGreaterThanOrEqual(4);
});
