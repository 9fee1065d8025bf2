import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { BucketOptions } from "../../src/s3/bucket.js";
import { S3Storage } from "../../src/storage/s3.js";
import { storageContract } from "../contract/storage.js";
import { bytesOf } from "../support/bytes-of.js";
import { gate } from "../support/gate.js";
import { graphId } from "../support/graph-id.js";
import { bucketOptions } from "../support/s3/modules.js";
import { S3Server } from "../support/s3/server.js";
import { unfenced } from "../support/store-options.js";

const MB = 1024 * 1024;
const id = graphId(1);
const key = `${id}.dot`;

function bodyOf(bytes: Buffer): Readable {
  return Readable.from([bytes], { objectMode: false });
}

function large(): Readable {
  return bodyOf(Buffer.alloc(18 * MB));
}

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) yield Buffer.alloc(MB);
}

async function open(options: Partial<BucketOptions> = {}) {
  const server = await S3Server.start("graphs");
  const storage = new S3Storage(bucketOptions(server, "graphs", options));
  await storage.start();
  return { server, storage };
}

storageContract("S3Storage", async () => {
  const { server, storage } = await open();
  const bucket = server.bucket("graphs");
  return {
    storage,
    plant: async (id, bytes) => void bucket.put(`${id}.dot`, Buffer.from(bytes)),
    leftovers: async () => [
      ...[...bucket.uploads.keys()].map((upload) => `upload ${upload}`),
      ...server.open().map((request) => `open ${request}`),
    ],
    close: async () => {
      await storage.stop();
      await server.stop();
    },
  };
});

describe("S3Storage", () => {
  let server: S3Server;
  let storage: S3Storage;

  beforeEach(async () => {
    ({ server, storage } = await open());
  });

  afterEach(async () => {
    await storage.stop();
    await server.stop();
  });

  test("graphs are stored as gzip DOT under their id", async ({ signal }) => {
    await storage.store(id, bodyOf(gzipSync("digraph {\n}\n")), unfenced(signal));
    expect(server.bucket("graphs").keys()).toEqual([key]);
    expect(server.bucket("graphs").get(key)?.headers).toMatchObject({
      "content-type": "text/vnd.graphviz",
      "content-encoding": "gzip",
    });
    expect(server.log.map(({ operation }) => operation)).toEqual(["PutObject"]);
  });

  test("a large graph has the same headers", async ({ signal }) => {
    await storage.store(id, bodyOf(Buffer.alloc(9 * MB)), unfenced(signal));
    expect(server.bucket("graphs").get(key)).toMatchObject({
      size: 9 * MB,
      headers: { "content-type": "text/vnd.graphviz", "content-encoding": "gzip" },
    });
  });

  test("what a copy without Content-Encoding left is told by its first bytes", async ({ signal }) => {
    const gzip = gzipSync("digraph {\n}\n");
    server.bucket("graphs").put(key, gzip);
    expect(await storage.head(id, signal)).toMatchObject({ encoding: "gzip", size: gzip.length });
    const stored = await storage.get(id, signal);
    expect(stored).toMatchObject({ encoding: "gzip", size: gzip.length });
    expect((await bytesOf(stored?.body ?? Readable.from([]))).equals(gzip)).toBe(true);
  });

  test("an empty object is no graph", async ({ signal }) => {
    server.bucket("graphs").put(key, "");
    expect(await storage.head(id, signal)).toBeUndefined();
    expect(await storage.get(id, signal)).toBeUndefined();
  });

  test("looking at graphs uses one connection again and again", async ({ signal }) => {
    server.bucket("graphs").put(key, gzipSync("digraph {\n}\n"));
    for (let n = 0; n < 5; n += 1) await storage.head(id, signal);
    expect(server.connections).toBe(1);
  });

  test("a missing bucket is an error, not a missing graph", async ({ signal }) => {
    server.buckets.delete("graphs");
    const error = { dependency: "storage", transient: false, message: /no bucket graphs/ };
    for (const call of [
      () => storage.head(id, signal),
      () => storage.get(id, signal),
      () => storage.ready(signal),
      () => storage.store(id, bodyOf(gzipSync("")), unfenced(signal)),
    ]) {
      await expect(call()).rejects.toMatchObject({
        ...error,
        message: expect.stringMatching(error.message) as unknown,
      });
    }
  });

  test("a refusal says which credentials were used and what may be missing", async ({ signal }) => {
    server.faults.add({ fault: { kind: "error", status: 403, code: "AccessDenied" } });
    await expect(storage.head(id, signal)).rejects.toMatchObject({
      dependency: "storage",
      transient: false,
      message: expect.stringMatching(
        new RegExp(`GetObject s3://graphs/${key}.*AWS_ACCESS_KEY_ID.*s3:ListBucket`),
      ) as unknown,
    });
  });

  test("SlowDown is tried again", async ({ signal }) => {
    server.faults.add({ fault: { kind: "error", status: 503, code: "SlowDown" }, times: 2 });
    await storage.store(id, bodyOf(gzipSync("")), unfenced(signal));
    expect(server.bucket("graphs").keys()).toEqual([key]);
  });

  test("a store that keeps answering 503 is a passing failure", async ({ signal }) => {
    server.faults.add({ fault: { kind: "error", status: 503, code: "SlowDown" } });
    await expect(storage.head(id, signal)).rejects.toMatchObject({ dependency: "storage", transient: true });
    expect(server.log).toHaveLength(3);
  });

  test.for([
    ["cut", "cut-body", /of 1048576|aborted/],
    ["stalled", "stall-body", /in time/],
  ] as const)("a body that is %s errors", async ([, kind, message], { signal }) => {
    await storage.stop();
    storage = new S3Storage(bucketOptions(server, "graphs", { idleTimeoutMs: 2000 }));
    server.bucket("graphs").put(key, Buffer.alloc(MB, "digraph"));
    server.faults.add({ fault: { kind, afterBytes: 300_000 } });
    const stored = await storage.get(id, signal);
    await expect(bytesOf(stored?.body ?? Readable.from([]))).rejects.toMatchObject({
      dependency: "storage",
      message: expect.stringMatching(message) as unknown,
    });
  });

  test("an abort in the middle of the body is the body's error", async ({ signal }) => {
    server.bucket("graphs").put(key, Buffer.alloc(4 * MB, "digraph"));
    const controller = new AbortController();
    const reason = new Error("the caller is gone");
    const stored = await storage.get(id, AbortSignal.any([signal, controller.signal]));
    const reading = bytesOf(stored?.body ?? Readable.from([]));
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });

  describe("a large upload", () => {
    test.for(["UploadPart", "CompleteMultipartUpload"] as const)(
      "discards itself when %s is refused",
      async (operation, { signal }) => {
        server.faults.add({
          when: (request) => request.operation === operation,
          fault: { kind: "error", status: 400, code: "InvalidPart" },
        });
        await expect(storage.store(id, large(), unfenced(signal))).rejects.toMatchObject({
          dependency: "storage",
        });
        expect(server.bucket("graphs").keys()).toEqual([]);
        expect(server.bucket("graphs").uploads.size).toBe(0);
      },
    );

    test("discards itself when completing answers 200 with an error in it", async ({ signal }) => {
      server.faults.add({
        when: ({ operation }) => operation === "CompleteMultipartUpload",
        fault: { kind: "error-in-200", code: "InternalError" },
      });
      await expect(storage.store(id, large(), unfenced(signal))).rejects.toMatchObject({
        dependency: "storage",
      });
      expect(server.bucket("graphs").uploads.size).toBe(0);
    });

    test("stops reading when a part is refused, though the body goes on for ever", async ({ signal }) => {
      server.faults.add({
        when: ({ operation, query }) => operation === "UploadPart" && query.get("partNumber") === "2",
        fault: { kind: "error", status: 400, code: "InvalidPart" },
      });
      const body = Readable.from(endless(), { objectMode: false });
      await expect(storage.store(id, body, unfenced(signal))).rejects.toMatchObject({
        dependency: "storage",
      });
      expect(body.destroyed).toBe(true);
      expect(server.bucket("graphs").uploads.size).toBe(0);
    });

    test("resolves when only the answer to its completion was lost", async ({ signal }) => {
      server.faults.add({
        when: ({ operation }) => operation === "CompleteMultipartUpload",
        fault: { kind: "lose-answer" },
        times: 1,
      });
      await storage.store(id, large(), unfenced(signal));
      expect(server.bucket("graphs").get(key)?.size).toBe(18 * MB);
      expect(server.bucket("graphs").uploads.size).toBe(0);
    });

    test("that is gone wasn't completed when another object is there", async ({ signal }) => {
      server.faults.add({
        when: ({ operation }) => {
          if (operation === "CompleteMultipartUpload") {
            server.bucket("graphs").put(key, Buffer.alloc(18 * MB), { etag: `${"0".repeat(32)}-3` });
            server.bucket("graphs").uploads.clear();
          }
          return false;
        },
        fault: { kind: "reset" },
      });
      await expect(storage.store(id, large(), unfenced(signal))).rejects.toThrow(/NoSuchUpload/);
    });

    test("survives lost answers and resets", async ({ signal }) => {
      for (const kind of ["lose-answer", "reset"] as const) {
        server.faults.add({
          when: ({ operation, query }) => operation === "UploadPart" && query.get("partNumber") === "2",
          fault: { kind },
          times: 1,
        });
      }
      await storage.store(id, large(), unfenced(signal));
      expect(server.bucket("graphs").get(key)?.size).toBe(18 * MB);
    });

    test("an abort while a part hangs discards the upload before it rejects", async ({ signal }) => {
      const controller = new AbortController();
      const reason = new Error("the claim was lost");
      server.faults.add({ when: ({ operation }) => operation === "UploadPart", fault: { kind: "hang" } });
      const stored = storage.store(id, large(), unfenced(controller.signal));
      const rejected = expect(stored).rejects.toBe(reason);
      await expect.poll(() => server.count("UploadPart")).toBeGreaterThan(0);
      controller.abort(reason);
      await rejected;
      expect(server.bucket("graphs").uploads.size).toBe(0);
      expect(server.bucket("graphs").keys()).toEqual([]);
      signal.throwIfAborted();
    });

    test("an abort while the last part is under way stores nothing", async ({ signal }) => {
      const controller = new AbortController();
      const reason = new Error("the claim was lost");
      const arrival = gate();
      server.faults.add({
        when: ({ operation, query }) => operation === "UploadPart" && query.get("partNumber") === "3",
        fault: { kind: "hold", until: arrival.opened },
      });
      const rejected = expect(storage.store(id, large(), unfenced(controller.signal))).rejects.toBe(reason);
      await expect.poll(() => server.count("UploadPart")).toBe(3);
      controller.abort(reason);
      await rejected;
      arrival.open();
      expect(server.count("CompleteMultipartUpload")).toBe(0);
      expect(server.bucket("graphs").keys()).toEqual([]);
      signal.throwIfAborted();
    });
  });

  describe.each([
    ["PutObject", 1000],
    ["CompleteMultipartUpload", 9 * MB],
  ] as const)("the commit of a graph, %s", (operation, size) => {
    const isCommit = (request: { operation: string | undefined }) => request.operation === operation;
    const bytes = Buffer.alloc(size, 1);
    /** Stores where nothing is, or is supposed to be. */
    const store = (signal: AbortSignal) =>
      storage.store(id, bodyOf(bytes), { ...unfenced(signal), replaces: null });

    test("comes after the fence, which comes after everything else", async ({ signal }) => {
      const lost = new Error("the claim was lost");
      const beforeCommit = () => {
        expect(server.count("UploadPart")).toBe(size > MB ? 2 : 0);
        return Promise.reject(lost);
      };
      await expect(storage.store(id, bodyOf(bytes), { signal, beforeCommit })).rejects.toBe(lost);
      expect(server.count(operation)).toBe(0);
    });

    test("is known for its own when its answer was lost", async ({ signal }) => {
      server.faults.add({ when: isCommit, fault: { kind: "lose-answer" }, times: 1 });
      await store(signal);
      expect(server.count(operation)).toBe(2);
      expect(server.bucket("graphs").get(key)?.size).toBe(size);
    });

    test("isn't taken for its own when another is there, of the same size even", async ({ signal }) => {
      server.faults.add({
        when: (request) => {
          if (!isCommit(request)) return false;
          // Somebody else's, while this one is on its way; and the upload is gone, as after its completion.
          server.bucket("graphs").put(key, Buffer.alloc(size, 2), { etag: `${"0".repeat(32)}-2` });
          server.bucket("graphs").uploads.clear();
          return false;
        },
        fault: { kind: "reset" },
      });
      await expect(store(signal)).rejects.toMatchObject({ dependency: "storage", transient: true });
      const stored = await storage.get(id, signal);
      expect((await bytesOf(stored?.body ?? Readable.from([])))[0]).toBe(2);
    });

    test("replaces an empty object, which is no graph", async ({ signal }) => {
      server.bucket("graphs").put(key, "");
      await store(signal);
      expect(server.bucket("graphs").get(key)?.size).toBe(size);
    });

    test("goes without the condition where the store has none", async ({ signal }) => {
      server.faults.add({
        when: (request) => {
          if (!isCommit(request) || request.headers["if-none-match"] === undefined) return false;
          server.bucket("graphs").put(key, "somebody else's");
          return true;
        },
        fault: { kind: "error", status: 501, code: "NotImplemented" },
      });
      await store(signal);
      expect(server.bucket("graphs").get(key)?.size).toBe(size);
    });
  });

  test("a large graph doesn't replace another though the store ignores conditions on its completion", async ({
    signal,
  }) => {
    server.ignoredHeaders = new Set(["if-match", "if-none-match"]);
    const store = (replaces: string | null) =>
      // Somebody else stores while this process is paused after the fence.
      storage.store(id, large(), { signal, beforeCommit: async () => void plant(), replaces });
    let plant = () => server.bucket("graphs").put(key, "somebody else's");
    await expect(store(null)).rejects.toMatchObject({ name: "SupersededError" });
    const found = await storage.head(id, signal);
    plant = () => server.bucket("graphs").put(key, "a third one's");
    await expect(store(found?.version ?? "")).rejects.toMatchObject({ name: "SupersededError" });
    expect((await storage.head(id, signal))?.size).toBe("a third one's".length);
    expect(server.bucket("graphs").uploads.size).toBe(0);
    expect(server.count("CompleteMultipartUpload")).toBe(0);
  });

  test("an abort after the object was sent is too late: the call tells what happened", async ({ signal }) => {
    const controller = new AbortController();
    const arrival = gate();
    server.faults.add({
      when: ({ operation }) => operation === "PutObject",
      fault: { kind: "hold", until: arrival.opened },
    });
    const stored = storage.store(id, bodyOf(gzipSync("")), unfenced(controller.signal));
    await expect.poll(() => server.count("PutObject")).toBe(1);
    controller.abort();
    arrival.open();
    await stored;
    expect(server.bucket("graphs").keys()).toEqual([key]);
    signal.throwIfAborted();
  });
});
