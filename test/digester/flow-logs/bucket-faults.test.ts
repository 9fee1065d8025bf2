import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import type { BucketSourceOptions } from "../../../src/digester/flow-logs/bucket.js";
import { DependencyError } from "../../../src/errors.js";
import { TimeWindow } from "../../../src/window.js";
import { gate } from "../../support/gate.js";
import type { Fault, FaultRule } from "../../support/s3/faults.js";
import type { S3Request } from "../../support/s3/request.js";
import type { S3Server } from "../../support/s3/server.js";
import { digestBy, digesterOf, keyOf, recordOf, sourceOf, startS3 } from "./from-s3.js";

const WINDOW = TimeWindow.parse("2024-06-01T12:00:00Z", "2024-06-01T13:00:00Z");
const KEYS = Array.from({ length: 12 }, (_, n) => keyOf(`2024-06-01T12:${String(5 * n).padStart(2, "0")}`));
const [FIRST = "", SECOND = ""] = KEYS;
const LAST = KEYS.at(-1) ?? "";

const NEVER = new AbortController().signal;

let server: S3Server;
let expected: string;

/** Each has a record of its own, and padding that doesn't compress away: 60 kB or so. */
function contentOf(n: number): Buffer {
  const records = Array.from({ length: 500 }, (_, i) =>
    recordOf(`10.${n}.${i >> 8}.${i & 255}`, "2024-06-01T12:30:00Z").replace(
      "eni-1",
      `eni-${randomBytes(40).toString("hex")}`,
    ),
  );
  return gzipSync(records.join(""));
}

const isGet = ({ operation }: S3Request) => operation === "GetObject";
/** Not the SDK's. */
const isDirect = (request: S3Request) => isGet(request) && request.headers["user-agent"] === undefined;
const isSecondPage = ({ query }: S3Request) => query.has("continuation-token");
const isDay = ({ query }: S3Request) => query.get("prefix")?.endsWith("/2024/06/01/") === true;
const isGetOf = (wanted: string) => (request: S3Request) => isGet(request) && request.key === wanted;

function digest(options: Partial<BucketSourceOptions> = {}) {
  return digestBy(digesterOf(server, options), WINDOW);
}

async function failure(options: Partial<BucketSourceOptions> = {}): Promise<DependencyError> {
  const error: unknown = await digest(options).catch((error: unknown) => error);
  if (error instanceof DependencyError) return error;
  throw new Error("expected a DependencyError", { cause: error });
}

beforeEach(async () => {
  server = await startS3();
  for (const [n, key] of KEYS.entries()) server.bucket("logs").put(key, contentOf(n));
  expected = (await digest()).digest;
  server.log.splice(0);
});

/** Of the requests that match, each one whose turn it is. */
function everyThird(matches: (request: S3Request) => boolean = () => true): (request: S3Request) => boolean {
  let turn = 0;
  return (request) => matches(request) && turn++ % 3 === 0;
}

describe("the digest is right", () => {
  test.each<[string, FaultRule]>([
    [
      "SlowDown on a third of the requests",
      { fault: { kind: "error", status: 503, code: "SlowDown" }, when: everyThird() },
    ],
    ["resets of a third of the requests", { fault: { kind: "reset" }, when: everyThird() }],
    [
      "bodies that break off, a third of them",
      { fault: { kind: "cut-body", afterBytes: 5000 }, when: everyThird(isGet) },
    ],
    [
      "bodies that all break off, again and again",
      { fault: { kind: "cut-body", afterBytes: 10_000 }, when: isGet },
    ],
    [
      "bodies that break off before their first byte",
      { fault: { kind: "cut-body", afterBytes: 0 }, when: isGetOf(SECOND), times: 3 },
    ],
    ["answers in any order", { fault: { kind: "delay", ms: 50 }, when: everyThird(isGet) }],
  ])("after %s", async (_, rule) => {
    server.faults.add(rule);
    const result = await digest();
    expect(result.digest).toBe(expected);
    expect(result.counts).toMatchObject({ files: 12, records: 6000 });
  });

  test("of many small objects, which a thread gets, after all that may happen to a request", async () => {
    const keys = Array.from({ length: 100 }, (_, n) => keyOf("2024-06-01T12:00", { hash: `${n}` }));
    for (const [n, key] of keys.entries())
      server.bucket("logs").put(key, gzipSync(recordOf(`10.0.0.${n}`, "2024-06-01T12:30:00Z")));
    const sound = await digest();
    expect(sound.counts).toMatchObject({ files: 112, records: 6100 });
    const faults: Fault[] = [
      { kind: "error", status: 503, code: "SlowDown" },
      { kind: "reset" },
      { kind: "cut-body", afterBytes: 20 },
    ];
    for (const [n, fault] of faults.entries())
      server.faults.add({
        fault,
        when: (request) => isGet(request) && request.key.endsWith(`${n}.log.gz`),
        times: 3,
      });
    server.log.splice(0);
    expect((await digest()).digest).toBe(sound.digest);
    expect(server.log.filter(isDirect).length).toBeGreaterThan(9);
  });

  test("after a listing whose second page fails once", async () => {
    const other = { flowLog: "fl-0000" };
    for (let n = 0; n < 1000; n++)
      server.bucket("logs").put(keyOf("2024-06-01T01:00", { ...other, hash: `${n}` }), "");
    server.faults.add({
      fault: { kind: "error", status: 500, code: "InternalError" },
      when: isSecondPage,
      times: 1,
    });
    server.faults.add({ fault: { kind: "reset" }, when: isSecondPage, times: 1 });
    expect((await digest()).digest).toBe(expected);
    expect(server.log.filter(isSecondPage)).toHaveLength(3);
  });

  test("after a body that stalls", async () => {
    server.faults.add({ fault: { kind: "stall-body", afterBytes: 5000 }, when: isGetOf(FIRST), times: 1 });
    expect((await digest({ idleTimeoutMs: 2000 })).digest).toBe(expected);
  });

  test("in less room than an object takes", async () => {
    expect((await digest({ bufferedBytes: 16 * 1024 })).digest).toBe(expected);
  });

  test("for a reader so slow that its connection is given up meanwhile", async () => {
    // More than the buffers between two sockets hold.
    const content = randomBytes(32 * 1024 * 1024);
    server.bucket("logs").put("slow.log", content);
    const source = sourceOf(server, { bufferedBytes: 16 * 1024, idleTimeoutMs: 2000 });
    const { objects } = await source.list({ window: WINDOW }, NEVER);
    const slow = objects.find(({ key }) => key === "slow.log");
    server.log.splice(0);
    const body = slow?.open(NEVER);
    await expect.poll(() => server.count("GetObject")).toBe(1);
    await expect.poll(() => server.open()).toEqual([]);
    expect(Buffer.concat((await body?.toArray()) ?? []).equals(content)).toBe(true);
    const [first, ...others] = server.log.map(({ headers }) => headers["range"]);
    expect(first).toBeUndefined();
    expect(others.length).toBeGreaterThan(0);
    expect(others).not.toContain(undefined);
  });

  test("what is missing is fetched by range, and of the same version", async () => {
    server.faults.add({ fault: { kind: "cut-body", afterBytes: 5000 }, when: isGetOf(FIRST), times: 1 });
    await digest();
    const { etag, size } = server.bucket("logs").get(FIRST) ?? {};
    const requests = server.log
      .filter(isGetOf(FIRST))
      .map(({ headers }) => [headers["if-match"], headers["range"]]);
    expect(requests).toEqual([
      [etag, undefined],
      [etag, `bytes=5000-${(size ?? 0) - 1}`],
    ]);
  });
});

describe("the job fails, with the object's key and the cause", () => {
  test("when an object is denied", async () => {
    server.faults.add({ fault: { kind: "error", status: 403, code: "AccessDenied" }, when: isGetOf(LAST) });
    const error = await failure();
    expect(error).toMatchObject({ dependency: "digester", transient: false });
    expect(error.message).toContain(`GetObject s3://logs/${LAST}: S3 denied it (403 AccessDenied)`);
    expect(error.cause).toMatchObject({ name: "AccessDenied" });
  });

  test("when a listing is denied", async () => {
    server.faults.add({ fault: { kind: "error", status: 403, code: "AccessDenied" }, when: isDay });
    const error = await failure();
    expect(error).toMatchObject({ transient: false });
    expect(error.message).toMatch(/^ListObjectsV2 s3:\/\/logs\/AWSLogs\/.*\/2024\/06\/01\/: S3 denied it/);
  });

  test.each([
    ["heeds If-Match", []],
    ["doesn't heed it", ["if-match"]],
  ])("when an object is replaced during the read, by a store that %s", async (_, ignored) => {
    server.ignoredHeaders = new Set(ignored);
    server.faults.add({
      fault: { kind: "cut-body", afterBytes: 5000 },
      when: (request) => {
        if (!isGetOf(SECOND)(request)) return false;
        // After the answer that is cut off: what it sends has been taken from the old one.
        setImmediate(() => server.bucket("logs").put(SECOND, contentOf(99)));
        return true;
      },
      times: 1,
    });
    const error = await failure();
    expect(error).toMatchObject({ dependency: "digester", transient: true });
    expect(error.message).toBe(`GetObject s3://logs/${SECOND}: it was replaced since it was listed`);
  });

  test("when an object vanishes between LIST and GET", async () => {
    const vanished = gate();
    server.faults.add({
      fault: { kind: "hold", until: vanished.opened },
      when: (request) => {
        if (isGetOf(FIRST)(request) && server.bucket("logs").delete(LAST)) vanished.open();
        return isGet(request);
      },
    });
    const error = await failure();
    expect(error).toMatchObject({ transient: true });
    expect(error.message).toBe(`GetObject s3://logs/${LAST}: it was removed since it was listed`);
    expect(error.cause).toMatchObject({ name: "NoSuchKey" });
  });

  test("when a body never gets on", async () => {
    server.faults.add({ fault: { kind: "cut-body", afterBytes: 0 }, when: isGetOf(SECOND) });
    const error = await failure();
    expect(error).toMatchObject({ transient: true });
    expect(error.message).toContain(`GetObject s3://logs/${SECOND}: `);
    expect(server.log.filter(isGetOf(SECOND))).toHaveLength(4);
  });
});
