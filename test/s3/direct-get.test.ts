import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { Readable } from "node:stream";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { Fetcher } from "../../src/digester/flow-logs/fetcher.js";
import { Bucket } from "../../src/s3/bucket.js";
import type { S3Access } from "../../src/s3/client.js";
import { DirectGet } from "../../src/s3/direct-get.js";
import { hasRadosgw, startRadosgw } from "../support/radosgw.js";
import type { Fault } from "../support/s3/faults.js";
import { accessTo } from "../support/s3/modules.js";
import { S3Server } from "../support/s3/server.js";

const NEVER = new AbortController().signal;
const DEADLINE = { attemptMs: 60_000, totalMs: 60_000 };
/** What paths and signatures each have their own view of. */
const KEYS = ["plain", "a/b c/+&=@:,;$~", "é/日本/😀", "!'()*", "%41%2F", "#?", "x//y", "a\\b"];

const versionOf = (key: string) => ({
  key,
  size: Buffer.byteLength(key),
  etag: createHash("md5").update(key).digest("hex"),
});

function startFetcher(withinMs: number): Fetcher {
  const fetcher = new Fetcher({ withinMs });
  fetcher.start();
  return fetcher;
}
const patient = startFetcher(DEADLINE.totalMs);
afterAll(() => patient.close());

const VISITOR = { accessKeyId: "ASIATEST", secretAccessKey: "test", sessionToken: "visit" };

/** A reader of a bucket whose objects hold their own keys, that the SDK has shown the way. */
async function reader(access: S3Access, fetcher = patient) {
  const bucket = new Bucket("digester", "SETTING", { access, bucket: "logs", region: "us-east-1" });
  const direct = new DirectGet(bucket, (...object) => fetcher.get(...object));
  onTestFinished(() => bucket.close());
  const learn = async (by: "GetObject" | "ListObjectsV2" = "GetObject") => {
    await direct.watch();
    const s3 = await bucket.client();
    if (by === "ListObjectsV2") {
      await s3.listObjectsV2({ Bucket: "logs" });
      return;
    }
    const { Body } = await s3.getObject({ Bucket: "logs", Key: "plain" });
    if (Body instanceof Readable) expect(await text(Body)).toBe("plain");
  };
  const get = async (key: string, signal = NEVER) =>
    (await direct.get(versionOf(key), signal, DEADLINE))?.toString();
  return { learn, get };
}

async function startServer(): Promise<S3Server> {
  const server = await S3Server.start("logs");
  onTestFinished(() => server.stop());
  for (const key of KEYS) server.bucket("logs").put(key, key);
  return server;
}

test.each(["GetObject", "ListObjectsV2"] as const)(
  "once a %s of the SDK has shown the way, objects of any name come without it",
  async (call) => {
    const server = await startServer();
    const { learn, get } = await reader(accessTo(server));
    expect(await get("plain")).toBeUndefined();
    await learn(call);
    server.log.splice(0);
    for (const key of KEYS) expect(await get(key)).toBe(key);
    expect(server.log.map(({ key, headers }) => [key, headers["if-match"], headers["user-agent"]])).toEqual(
      KEYS.map((key) => [key, versionOf(key).etag, undefined]),
    );
  },
);

test("requests are signed with a session's token, by the store's clock", async () => {
  const server = await startServer();
  server.clockOffsetMs = -3_600_000;
  const { learn, get } = await reader({ ...accessTo(server), credentials: VISITOR });
  await learn();
  server.log.splice(0);
  expect(await get("plain")).toBe("plain");
  expect(server.log.map(({ headers }) => headers)).toMatchObject([
    {
      "x-amz-security-token": "visit",
      authorization: expect.stringMatching(
        /Credential=ASIATEST\/.*SignedHeaders=host;if-match;x-amz-content-sha256;x-amz-date;x-amz-security-token,/,
      ),
    },
  ]);
});

test.each<Fault>([
  { kind: "error", status: 503, code: "SlowDown" },
  { kind: "error", status: 403, code: "AccessDenied" },
  { kind: "error-in-200", code: "InternalError" },
  { kind: "reset" },
  { kind: "cut-body", afterBytes: 2 },
])(
  "an answer that isn't the object is the SDK's to deal with, and so is what comes next: %o",
  async (fault) => {
    const server = await startServer();
    const { learn, get } = await reader(accessTo(server));
    await learn();
    server.faults.add({ fault, times: 1 });
    expect(await get("plain")).toBeUndefined();
    expect(await get("plain")).toBeUndefined();
    await learn();
    expect(await get("plain")).toBe("plain");
  },
);

test("an object that doesn't come in time is the SDK's to get", async () => {
  const server = await startServer();
  const hasty = startFetcher(100);
  onTestFinished(() => hasty.close());
  const { learn, get } = await reader(accessTo(server), hasty);
  await learn();
  server.faults.add({ fault: { kind: "stall-body", afterBytes: 2 } });
  expect(await get("plain")).toBeUndefined();
  await expect.poll(() => server.open()).toEqual([]);
});

test.each([
  ["heeds If-Match", []],
  ["doesn't heed it", ["if-match"]],
])("another version isn't the object, whether the store %s", async (_, ignored) => {
  const server = await startServer();
  server.ignoredHeaders = new Set(ignored);
  const { learn, get } = await reader(accessTo(server));
  await learn();
  server.bucket("logs").put("plain", "other");
  expect(await get("plain")).toBeUndefined();
});

test("an abort ends it with its reason, and its connection", async () => {
  const server = await startServer();
  const { learn, get } = await reader(accessTo(server));
  await learn();
  server.faults.add({ fault: { kind: "hang" } });
  const aborted = new AbortController();
  const bytes = get("plain", aborted.signal);
  await expect.poll(() => server.open()).toEqual(["GetObject plain"]);
  aborted.abort(new Error("enough"));
  await expect(bytes).rejects.toThrow("enough");
  await expect.poll(() => server.open()).toEqual([]);
});

describe.skipIf(!hasRadosgw())("over radosgw, which checks signatures", () => {
  test("objects of any name come without the SDK", async () => {
    const radosgw = await startRadosgw();
    onTestFinished(() => radosgw.stop());
    await radosgw.createBucket("logs");
    const client = radosgw.client();
    const keys = [...KEYS, "x/./../y"];
    for (const Key of keys) await client.send(new PutObjectCommand({ Bucket: "logs", Key, Body: Key }));
    client.destroy();
    const { learn, get } = await reader(accessTo(radosgw, radosgw.keys));
    await learn();
    for (const key of keys) expect(await get(key)).toBe(key);
  });
});
