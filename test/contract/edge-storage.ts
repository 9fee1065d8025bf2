import { gzipSync } from "node:zlib";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EdgeStorage } from "../../src/storage/storage.js";
import { graphId } from "../support/graph-id.js";
import { unfenced } from "../support/store-options.js";
import type { StorageUnderTest } from "./storage.js";

const id = graphId(1);

/** Bytes of a pattern that no shift gives again. */
function edges(seed: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE((at * 2654435761 + seed) % 2 ** 32, at);
  return bytes;
}

/** In pieces, so that a backend gets to see more than one. */
function bodyOf(bytes: Buffer): Readable {
  const pieces = Array.from({ length: Math.ceil(bytes.length / 61_007) }, (_, n) =>
    bytes.subarray(n * 61_007, (n + 1) * 61_007),
  );
  return Readable.from(pieces, { objectMode: false });
}

/** What every Storage that keeps edges promises of them. `open` is called for each test. */
export function edgeStorageContract(name: string, open: () => Promise<StorageUnderTest>): void {
  describe(`${name} keeps the contract of EdgeStorage`, () => {
    let subject: StorageUnderTest;
    let storage: EdgeStorage;

    beforeEach(async () => {
      subject = await open();
      if (subject.storage.edges === undefined) throw new Error("it keeps no edges");
      storage = subject.storage.edges;
    });
    afterEach(async () => {
      try {
        await expect.poll(() => subject.leftovers()).toEqual([]);
      } finally {
        await subject.close();
      }
    });

    const storeGraph = async (text: string, signal: AbortSignal): Promise<string> => {
      const bytes = gzipSync(text);
      await subject.storage.store(id, Readable.from([bytes]), unfenced(signal));
      return bytes.subarray(-8).toString("hex");
    };
    const read = async (signal: AbortSignal): Promise<Buffer | undefined> => {
      const stored = await storage.open(id, signal);
      try {
        return await stored?.read(0, stored.size, signal);
      } finally {
        await stored?.close();
      }
    };

    test("edges without a graph, and a graph without edges, are none", async ({ signal }) => {
      expect(await storage.open(id, signal)).toBeUndefined();
      await storage.store(id, bodyOf(edges(1, 1000)), unfenced(signal));
      expect(await storage.open(id, signal)).toBeUndefined();
      expect(await subject.storage.head(id, signal)).toBeUndefined();
      await storeGraph("digraph {\n}\n", signal);
      expect((await read(signal))?.equals(edges(1, 1000))).toBe(true);
      expect(await storage.open(graphId(2), signal)).toBeUndefined();
    });

    test.each([1000, 200_000, 9_000_000])(
      "%i bytes are read back in any part, with the making of the graph beside",
      async (size) => {
        const { signal } = new AbortController();
        const making = await storeGraph("digraph {\n}\n", signal);
        const bytes = edges(1, size);
        await storage.store(id, bodyOf(bytes), unfenced(signal));
        const stored = await storage.open(id, signal);
        if (stored === undefined) throw new Error("expected the edges that were just stored");
        expect(stored).toMatchObject({ making, size });
        for (const [start, end] of [
          [0, size],
          [0, 4],
          [size - 8, size],
          [size - 8, size + 100],
          [size >> 1, (size >> 1) + 333],
        ] as const) {
          expect((await stored.read(start, end, signal)).equals(bytes.subarray(start, end))).toBe(true);
        }
        await stored.close();
      },
    );

    test("what is open keeps its bytes or says that they are gone, when others replace them", async ({
      signal,
    }) => {
      await storeGraph("digraph {\n}\n", signal);
      const bytes = edges(1, 300_000);
      await storage.store(id, bodyOf(bytes), unfenced(signal));
      const stored = await storage.open(id, signal);
      await storage.store(id, bodyOf(edges(2, 300_000)), unfenced(signal));
      const outcome = await stored?.read(0, 1000, signal).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toMatchObject({ dependency: "storage", transient: true });
      else expect(outcome).toEqual(bytes.subarray(0, 1000));
      await stored?.close();
      expect((await read(signal))?.equals(edges(2, 300_000))).toBe(true);
    });

    test.each([1000, 9_000_000])(
      "%i bytes appear when the fence lets them, whole or not at all",
      async (size) => {
        const { signal } = new AbortController();
        await storeGraph("digraph {\n}\n", signal);
        await storage.store(id, bodyOf(edges(1, 1000)), unfenced(signal));
        const lost = new Error("the claim was lost");
        const refused = { signal, beforeCommit: () => Promise.reject(lost) };
        await expect(storage.store(id, bodyOf(edges(2, size)), refused)).rejects.toBe(lost);
        const broken = Readable.from(
          (function* () {
            yield edges(3, size);
            throw lost;
          })(),
          { objectMode: false },
        );
        await expect(storage.store(id, broken, unfenced(signal))).rejects.toBe(lost);
        const reason = new Error("stopping");
        const controller = new AbortController();
        const aborted = { signal: controller.signal, beforeCommit: async () => controller.abort(reason) };
        await expect(storage.store(id, bodyOf(edges(4, size)), aborted)).rejects.toBe(reason);
        expect((await read(signal))?.equals(edges(1, 1000))).toBe(true);
      },
    );
  });
}
