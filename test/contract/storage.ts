import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Storage } from "../../src/storage/storage.js";
import type { GraphId } from "../../src/window.js";
import { bytesOf } from "../support/bytes-of.js";
import { graphId } from "../support/graph-id.js";
import { edgeStorageContract } from "./edge-storage.js";
import { entryStorageContract } from "./entry-storage.js";
import { unfenced } from "../support/store-options.js";

export interface StorageUnderTest {
  /** Started, and holding nothing. */
  readonly storage: Storage;
  /** Puts these bytes under the id as another program would. Absent where no other program can write. */
  readonly plant?: (id: GraphId, bytes: Uint8Array) => Promise<void>;
  /** Names what is there besides whole graphs: temporary files, unfinished uploads, open handles and sockets in use. */
  leftovers(): Promise<string[]>;
  /** Stops the storage, and whatever it was given to run on. */
  close(): Promise<void>;
}

const MB = 1024 * 1024;
const superseded = { name: "SupersededError", dependency: "storage", transient: true };
const id = graphId(1);

/** A gzip header, so that it counts as gzip, and `size` bytes of `fill`. */
function graph(fill: number, size: number): Buffer {
  return Buffer.concat([gzipSync(""), Buffer.alloc(size, fill)]);
}

function* pieces(bytes: Buffer, size = 61_007): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** A body in pieces of an odd size, so that no boundary of a backend's falls on one of ours. */
function bodyOf(bytes: Buffer): Readable {
  return Readable.from(pieces(bytes), { objectMode: false });
}

/** Writes without end. */
async function feed(body: PassThrough, bytes: Buffer, signal: AbortSignal): Promise<void> {
  for (const piece of pieces(bytes)) if (!body.write(piece)) await once(body, "drain", { signal });
}

/** What a storage can't promise because of what it stands on. */
export interface Limits {
  /**
   * Large graphs appear one step after the look at what they replace: of several that are stored at the same time more than
   * one may succeed, and the last stays.
   */
  readonly looksBeforeLarge?: boolean;
}

/** What a Storage promises that keeps edges and entries, too. `open` is called for each test. */
export function storageContract(name: string, open: () => Promise<StorageUnderTest>, limits?: Limits): void {
  edgeStorageContract(name, open);
  entryStorageContract(name, open);
  graphStorageContract(name, open, limits);
}

/** What every Storage promises. */
export function graphStorageContract(
  name: string,
  open: () => Promise<StorageUnderTest>,
  { looksBeforeLarge = false }: Limits = {},
): void {
  describe(`${name} keeps the contract of Storage`, () => {
    let subject: StorageUnderTest;
    let storage: Storage;

    beforeEach(async () => {
      subject = await open();
      storage = subject.storage;
    });

    afterEach(async () => {
      try {
        // Handles and sockets of a body that was read to its end are closed a moment later.
        await expect.poll(() => subject.leftovers()).toEqual([]);
      } finally {
        await subject.close();
      }
    });

    async function read(signal: AbortSignal): Promise<Buffer | undefined> {
      const stored = await storage.get(id, signal);
      return stored && bytesOf(stored.body);
    }

    test("is ready", async ({ signal }) => {
      await storage.ready?.(signal);
    });

    test("an absent graph is undefined", async ({ signal }) => {
      expect(await storage.head(id, signal)).toBeUndefined();
      expect(await storage.get(id, signal)).toBeUndefined();
    });

    test("a graph comes back as it was stored", async ({ signal }) => {
      const bytes = gzipSync("digraph {\n}\n");
      const before = Date.now();
      await storage.store(id, bodyOf(bytes), unfenced(signal));
      const stored = await storage.get(id, signal);
      if (stored === undefined) throw new Error("expected the graph that was just stored");
      const { body, ...info } = stored;
      expect((await bytesOf(body)).equals(bytes)).toBe(true);
      expect(info).toEqual({
        encoding: "gzip",
        size: bytes.length,
        modified: expect.any(Date) as unknown,
        version: expect.stringMatching(/^[\x21\x23-\x7e]+$/) as unknown,
      });
      // A store may count in whole seconds.
      expect(info.modified.getTime()).toBeGreaterThan(before - 1000);
      expect(info.modified.getTime()).toBeLessThanOrEqual(Date.now());
      expect(await storage.head(id, signal)).toEqual(info);
      expect(await storage.head(graphId(2), signal)).toBeUndefined();
    });

    test("a body of many megabytes comes back as it was stored", async ({ signal }) => {
      const bytes = graph(7, 17 * MB);
      for (let at = 64; at < bytes.length; at += 4096) bytes.writeUInt32LE(at, at);
      await storage.store(id, bodyOf(bytes), unfenced(signal));
      expect((await storage.head(id, signal))?.size).toBe(bytes.length);
      expect((await read(signal))?.equals(bytes)).toBe(true);
    });

    test("a plain graph that the Go service left is told from a gzip one", async ({ signal, skip }) => {
      const plant = subject.plant ?? skip("no other program can write there");
      const bytes = Buffer.from("digraph {\n}\n");
      await plant(id, bytes);
      expect(await storage.head(id, signal)).toMatchObject({ encoding: "identity", size: bytes.length });
      const stored = await storage.get(id, signal);
      expect(stored).toMatchObject({ encoding: "identity", size: bytes.length });
      expect(await bytesOf(stored?.body ?? Readable.from([]))).toEqual(bytes);
      await storage.store(id, bodyOf(graph(1, 10)), unfenced(signal));
      expect(await storage.head(id, signal)).toMatchObject({ encoding: "gzip" });
    });

    test("replacing changes the bytes and the version, at the same size too", async ({ signal }) => {
      const versions = new Set<string | undefined>();
      for (const fill of [1, 2, 3, 4]) {
        const bytes = graph(fill, 1000);
        await storage.store(id, bodyOf(bytes), unfenced(signal));
        expect((await read(signal))?.equals(bytes)).toBe(true);
        versions.add((await storage.head(id, signal))?.version);
      }
      expect(versions.size).toBe(4);
    });

    test("nothing appears before the body has ended", async ({ signal }) => {
      const old = graph(1, 1000);
      const bytes = graph(2, 9 * MB);
      for (const before of [undefined, old]) {
        if (before !== undefined) await storage.store(id, bodyOf(before), unfenced(signal));
        const target = before === undefined ? graphId(3) : id;
        const info = await storage.head(target, signal);
        const body = new PassThrough();
        const stored = storage.store(target, body, unfenced(signal));
        await feed(body, bytes, signal);
        expect(await storage.head(target, signal)).toEqual(info);
        body.end();
        await stored;
        expect((await storage.head(target, signal))?.size).toBe(bytes.length);
      }
    });

    test("readers see the old graph or the new one while it is replaced, never a mix", async ({ signal }) => {
      const seen = new Map<string, number | undefined>();
      const writing = new AbortController();
      await storage.store(id, bodyOf(graph(0, 500_000)), unfenced(signal));
      const readers = Array.from({ length: 4 }, async () => {
        while (!writing.signal.aborted) {
          const stored = await storage.get(id, signal);
          if (stored === undefined) throw new Error("the graph was gone while it was replaced");
          const bytes = await bytesOf(stored.body);
          const fill = bytes.at(-1);
          expect(bytes.length).toBe(stored.size);
          expect(bytes.equals(graph(fill ?? 0, 500_000 + 1000 * (fill ?? 0)))).toBe(true);
          expect(seen.get(stored.version) ?? fill).toBe(fill);
          seen.set(stored.version, fill);
        }
      });
      const writer = (async () => {
        try {
          for (let fill = 1; fill <= 20; fill += 1) {
            await storage.store(id, bodyOf(graph(fill, 500_000 + 1000 * fill)), unfenced(signal));
          }
        } finally {
          writing.abort();
        }
      })();
      await Promise.all([writer, ...readers]);
      expect((await read(signal))?.at(-1)).toBe(20);
    });

    test("of concurrent stores of one id one stays, whole", async ({ signal }) => {
      const graphs = Array.from({ length: 8 }, (_, n) => graph(n + 1, 1000 + 100_000 * n));
      await Promise.all(graphs.map((bytes) => storage.store(id, bodyOf(bytes), unfenced(signal))));
      const stored = await read(signal);
      expect(graphs.some((bytes) => stored?.equals(bytes))).toBe(true);
    });

    describe.each([
      ["small", 1000, true],
      ["large", 9 * MB, !looksBeforeLarge],
    ])("right before a %s graph appears", (_, size, inOneStep) => {
      test("the fence is awaited: until then nothing is there, and the body has been read", async ({
        signal,
      }) => {
        let ended = false;
        const body = bodyOf(graph(2, size)).once("end", () => (ended = true));
        const beforeCommit = async () => {
          expect(ended).toBe(true);
          expect(await storage.head(id, signal)).toBeUndefined();
        };
        await storage.store(id, body, { signal, beforeCommit });
        expect((await read(signal))?.equals(graph(2, size))).toBe(true);
      });

      test("the fence may forbid it: its reason, and nothing changes", async ({ signal }) => {
        await storage.store(id, bodyOf(graph(1, 1000)), unfenced(signal));
        const lost = new Error("the claim was lost");
        const refused = { signal, beforeCommit: () => Promise.reject(lost) };
        for (const target of [id, graphId(2)]) {
          await expect(storage.store(target, bodyOf(graph(2, size)), refused)).rejects.toBe(lost);
        }
        expect(await storage.head(graphId(2), signal)).toBeUndefined();
        expect((await read(signal))?.equals(graph(1, 1000))).toBe(true);
      });

      test("an abort while the fence is awaited is in time", async ({ signal }) => {
        const reason = new Error("stopping");
        const controller = new AbortController();
        const beforeCommit = async () => controller.abort(reason);
        await expect(
          storage.store(id, bodyOf(graph(2, size)), { signal: controller.signal, beforeCommit }),
        ).rejects.toBe(reason);
        expect(await storage.head(id, signal)).toBeUndefined();
      });

      test("what it replaces has to be there still", async ({ signal }) => {
        await storage.store(id, bodyOf(graph(1, size)), { ...unfenced(signal), replaces: null });
        const first = (await storage.head(id, signal))?.version ?? "";
        await expect(
          storage.store(id, bodyOf(graph(2, size)), { ...unfenced(signal), replaces: null }),
        ).rejects.toMatchObject(superseded);
        await storage.store(id, bodyOf(graph(3, size)), { ...unfenced(signal), replaces: first });
        await expect(
          storage.store(id, bodyOf(graph(4, size)), { ...unfenced(signal), replaces: first }),
        ).rejects.toMatchObject(superseded);
        await expect(
          storage.store(graphId(2), bodyOf(graph(5, size)), { ...unfenced(signal), replaces: first }),
        ).rejects.toMatchObject(superseded);
        expect((await read(signal))?.equals(graph(3, size))).toBe(true);
        expect(await storage.head(graphId(2), signal)).toBeUndefined();
      });

      const number = inOneStep ? "one is" : "one stays, whole, of those that were";
      test(`of many that find none there, ${number} stored`, async ({ signal }) => {
        const stores = Array.from({ length: 8 }, (_, n) =>
          storage.store(id, bodyOf(graph(n, size)), {
            signal,
            beforeCommit: async () => undefined,
            replaces: null,
          }),
        );
        const outcomes = await Promise.allSettled(stores);
        const won = outcomes.flatMap(({ status }, n) => (status === "fulfilled" ? [n] : []));
        if (inOneStep) expect(won).toHaveLength(1);
        for (const outcome of outcomes) {
          if (outcome.status === "rejected") expect(outcome.reason).toMatchObject(superseded);
        }
        const stored = await read(signal);
        expect(won.filter((n) => stored?.equals(graph(n, size)))).toHaveLength(1);
      });
    });

    describe.each([
      ["at once", 0],
      ["after a little", 1000],
      ["after many megabytes", 9 * MB],
    ])("a body that ends badly %s", (_, size) => {
      /** Stores over a graph and where there is none, ends the bodies by `end`, and sees that nothing changed. */
      async function storeBadly(
        signal: AbortSignal,
        end: (body: PassThrough, controller: AbortController) => void,
        expectRejection: (stored: Promise<void>) => Promise<void>,
      ): Promise<void> {
        await storage.store(id, bodyOf(graph(1, 1000)), unfenced(signal));
        for (const target of [id, graphId(4)]) {
          const body = new PassThrough();
          const controller = new AbortController();
          const rejected = expectRejection(storage.store(target, body, unfenced(controller.signal)));
          if (size > 0) await feed(body, graph(9, size), signal);
          end(body, controller);
          await rejected;
          expect(body.destroyed).toBe(true);
          expect(await subject.leftovers()).toEqual([]);
        }
        expect(await storage.head(graphId(4), signal)).toBeUndefined();
        expect((await read(signal))?.equals(graph(1, 1000))).toBe(true);
      }

      test("with an error: that error, and nothing changes", async ({ signal }) => {
        const error = new Error("the digest broke off");
        await storeBadly(
          signal,
          (body) => body.destroy(error),
          (stored) => expect(stored).rejects.toBe(error),
        );
      });

      test("by closing before its end: an error, and nothing changes", async ({ signal }) => {
        await storeBadly(
          signal,
          (body) => body.destroy(),
          (stored) => expect(stored).rejects.toThrow(/premature/i),
        );
      });

      test("with an abort: the signal's reason, and nothing changes", async ({ signal }) => {
        const reason = new Error("the claim was lost");
        await storeBadly(
          signal,
          (_, controller) => controller.abort(reason),
          (stored) => expect(stored).rejects.toBe(reason),
        );
      });
    });

    test("a signal that has aborted already: its reason, and nothing is done", async ({ signal }) => {
      const reason = new Error("stopping");
      const aborted = AbortSignal.abort(reason);
      const body = bodyOf(graph(1, 1000));
      await expect(storage.store(id, body, unfenced(aborted))).rejects.toBe(reason);
      expect(body.destroyed).toBe(true);
      expect(await storage.head(id, signal)).toBeUndefined();
      await expect(storage.head(id, aborted)).rejects.toBe(reason);
      await expect(storage.get(id, aborted)).rejects.toBe(reason);
    });

    test("the signal governs the body as well", async ({ signal }) => {
      await storage.store(id, bodyOf(graph(1, 17 * MB)), unfenced(signal));
      const controller = new AbortController();
      const stored = await storage.get(id, controller.signal);
      await expect(
        (async () => {
          for await (const _ of stored?.body ?? []) controller.abort();
        })(),
      ).rejects.toThrow();
    });

    test("a reader may give up in the middle", async ({ signal }) => {
      await storage.store(id, bodyOf(graph(1, 17 * MB)), unfenced(signal));
      const stored = await storage.get(id, signal);
      for await (const _ of stored?.body ?? []) break;
      expect(stored?.body).toMatchObject({ destroyed: true });
    });
  });
}
