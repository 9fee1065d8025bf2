import type { ChildProcess } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { bigInt64At } from "../../src/edges/int64.js";
import type { Storage } from "../../src/storage/storage.js";
import { openGraph } from "../../src/answer/open-graph.js";
import { readGraph } from "../../src/answer/read-graph.js";
import { bundle } from "../support/bundle.js";
import { forkScript, kill, message } from "../support/child.js";
import { eventually } from "../support/eventually.js";
import { graphId } from "../support/graph-id.js";
import { S3Server } from "../support/s3/server.js";
import { temporaryDir } from "../support/temporary-dir.js";
import { storageAt } from "./storage-at.js";

const ROUNDS = 8;
/** Milliseconds that one making takes, about. */
const MAKING_MS = { disk: 60, S3: 300 };

let maker: URL;

beforeAll(async () => {
  maker = await bundle(new URL("graph-maker.ts", import.meta.url));
});

async function place(kind: "disk" | "S3"): Promise<string> {
  if (kind === "disk") {
    const dir = await temporaryDir();
    onTestFinished(() => dir.remove());
    return dir.path;
  }
  const server = await S3Server.start("graphs");
  onTestFinished(() => server.stop());
  return server.url;
}

test.each(["disk", "S3"] as const)(
  "a process killed while it stores edges and graph on %s: whoever reads them sees one making, whole",
  async (kind) => {
    const { signal } = new AbortController();
    const at = await place(kind);
    const storage = storageAt(at);
    await storage.start?.();
    onTestFinished(async () => storage.stop?.());
    const seen = { parquet: 0, dot: 0 };

    for (let round = 0; round < ROUNDS; round++) {
      const child = forkScript(maker, [at]);
      try {
        expect(await message(child, signal)).toBe("ready");
        // First when a making has been read whole, however busy the machine is. Then spread over the time that one making
        // takes, and later in later rounds.
        const moment =
          round === 0
            ? eventually(() => expect(seen.parquet, "times that edges were read").toBeGreaterThan(0))
            : setTimeout((0.5 + ((round * 0.3) % 1)) * MAKING_MS[kind] * (1 + round / 4));
        const killed = killAt(moment, child);
        while (child.signalCode === null && child.exitCode === null) await readOnce(storage, seen, signal);
        expect(child.exitCode, "of a process that nobody has killed").toBeNull();
        await killed;
      } finally {
        await kill(child);
      }
      await readOnce(storage, seen, signal);
    }
  },
);

async function killAt(moment: Promise<void>, child: ChildProcess): Promise<void> {
  try {
    await moment;
  } finally {
    await kill(child);
  }
}

/** Rejects when what is read is of several makings, or not whole. */
async function readOnce(
  storage: Storage,
  seen: { parquet: number; dot: number },
  signal: AbortSignal,
): Promise<void> {
  // On S3 a file that is replaced while it is read is gone: a failure that may pass.
  const graph = await openGraph(storage, graphId(0), signal).catch(passing);
  if (graph === undefined) return;
  const packets = new Set<bigint>();
  let rows = 0;
  try {
    for await (const batch of (await readGraph(graph.bytes, { signal })).batches) {
      for (let row = 0; row < batch.rows; row++) packets.add(bigInt64At(batch.packets, row));
      rows += batch.rows;
    }
  } catch (error) {
    return passing(error);
  } finally {
    await graph.close();
  }
  expect(packets.size).toBe(1);
  expect(rows).toBe(5000);
  seen[graph.metadata === undefined ? "dot" : "parquet"]++;
}

function passing(error: unknown): undefined {
  expect(error).toMatchObject({ dependency: "storage", transient: true });
  return undefined;
}
