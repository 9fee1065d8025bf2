import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { DependencyError } from "../../../src/errors.js";
import { TimeWindow } from "../../../src/window.js";
import { SAMPLE_WINDOW } from "../../make-sample-flow-logs.js";
import type { S3Server } from "../../support/s3/server.js";
import { digesterOf as directoryDigesterOf } from "./digesting.js";
import { digestBy, digesterOf, keyOf, recordOf, sourceOf, startS3 } from "./from-s3.js";

const SAMPLE = TimeWindow.parse(SAMPLE_WINDOW.start, SAMPLE_WINDOW.stop);
const HOUR = TimeWindow.parse("2024-06-01T23:00:00Z", "2024-06-02T00:00:00Z");
const NEVER = new AbortController().signal;

function addressesOf(digest: string): (string | undefined)[] {
  return digest
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split(" ")[3])
    .toSorted((a = "", b = "") => (a < b ? -1 : 1));
}

/** Puts a record from 10.0.0.1, 10.0.0.2 … at each of these keys. */
function plant(server: S3Server, ...keys: string[]): void {
  for (const [index, key] of keys.entries()) {
    server.bucket("logs").put(key, gzipSync(recordOf(`10.0.0.${index + 1}`, "2024-06-01T23:59:00Z")));
  }
}

/** The prefixes that were listed since the last call. */
function listed(server: S3Server): string[] {
  const lists = server.log.splice(0).filter(({ operation }) => operation === "ListObjectsV2");
  return lists.map(({ query }) => `${query.get("prefix")}${query.has("delimiter") ? "" : "**"}`);
}

test.each(["", "some/prefix_1/"])(
  "below the prefix %j, the digest is the directory's, byte for byte",
  async (prefix) => {
    const directory = "test/fixtures/flow-logs";
    const server = await startS3();
    for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
      if (name.endsWith(".gz")) server.bucket("logs").put(prefix + name, readFileSync(join(directory, name)));
    }
    const expected = await digestBy(directoryDigesterOf(directory), SAMPLE);
    const { digest, counts } = await digestBy(digesterOf(server, { prefix }), SAMPLE);
    expect(digest).toBe(expected.digest);
    expect(counts).toMatchObject({ files: 48, skipdata: 2, keys: expected.counts["keys"] });
  },
);

test("an hour of 30 days, 3 accounts, 2 regions and 2 flow logs costs a LIST a page of a day, and a GET a file", async () => {
  const server = await startS3();
  const bucket = server.bucket("logs");
  const content = gzipSync("");
  const start = Date.parse("2024-05-20T00:00:00Z");
  for (let n = 0; n < 30 * 288; n++) {
    const time = new Date(start + n * 300_000).toISOString().slice(0, 16);
    for (const account of ["111111111111", "222222222222", "333333333333"]) {
      for (const region of ["eu-west-1", "us-east-1"]) {
        for (const flowLog of ["fl-1", "fl-2"]) {
          for (const hash of ["a", "b"]) {
            bucket.put(keyOf(time, { account, region, flowLog, hash, root: "p/" }), content, { etag: "e" });
          }
        }
      }
    }
  }
  const digester = digesterOf(server, { prefix: "p/" });
  const noon = TimeWindow.parse("2024-06-01T12:00:00Z", "2024-06-01T13:00:00Z");

  expect((await digestBy(digester, noon)).counts).toMatchObject({ files: 6 * 12 * 4, foreignFiles: 0 });
  expect(server.count("GetObject")).toBe(6 * 12 * 4);
  const lists = listed(server);
  // p/, p/AWSLogs/ and the accounts' vpcflowlogs/; then 1152 keys a day.
  expect(lists.filter((prefix) => !prefix.endsWith("**"))).toHaveLength(2 + 3);
  expect(lists.filter((prefix) => prefix.endsWith("/2024/06/01/**"))).toHaveLength(6 * 2);
  expect(lists).toHaveLength(5 + 12);

  // Near midnight the neighbouring day may hold records of the window. Where the regions are is known by now.
  const { counts } = await digestBy(digester, HOUR);
  expect(counts).toMatchObject({ files: 6 * 12 * 4 });
  expect(listed(server)).toHaveLength(6 * 2 * 2);
});

describe("layouts", () => {
  test("of AWS and any other are found, side by side", async () => {
    const server = await startS3();
    const time = "2024-06-01T23:55";
    plant(
      server,
      keyOf(time),
      keyOf(time, { hours: true, flowLog: "fl-2" }),
      keyOf(time, { hive: true }),
      keyOf(time, { hive: true, hours: true, account: "210987654321" }),
      keyOf(time, { hive: true, account: "555555555555" }).replace("aws-service", "service"),
      keyOf(time).replace("AWSLogs/", "AWSLogs/o-exampleorgid/"),
      keyOf(time, { hive: true }).replace("AWSLogs/", "AWSLogs/o-exampleorgid/"),
      keyOf(time, { root: "deep/down/" }),
      "exports/task/eni-1-all/000000.gz",
      "loose.log",
    );
    server.bucket("logs").put("AWSLogs/123456789012/CloudTrail/eu-west-1/2024/06/01/x.json.gz", "");
    const { digest, counts } = await digestBy(digesterOf(server), HOUR);
    expect(addressesOf(digest)).toHaveLength(10);
    expect(counts).toMatchObject({ files: 10, foreignFiles: 0 });
    expect(listed(server).filter((prefix) => prefix.includes("CloudTrail"))).toEqual([]);
  });

  test.each([
    "AWSLogs/",
    "AWSLogs/123456789012/",
    "AWSLogs/123456789012/vpcflowlogs/",
    "AWSLogs/123456789012/vpcflowlogs/eu-west-1/",
    "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2024/06/",
    "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2024/06/01/",
    "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2024/06/01/23/",
  ])("the prefix may be %s", async (prefix) => {
    const server = await startS3();
    plant(server, keyOf("2024-06-01T23:55", { hours: true }), keyOf("2024-06-01T23:55", { root: "p/" }));
    const { digest } = await digestBy(digesterOf(server, { prefix }), HOUR);
    expect(addressesOf(digest)).toEqual(["10.0.0.1"]);
  });

  test("are narrowed by account and region, and no LIST is spent on the others", async () => {
    const server = await startS3();
    const time = "2024-06-01T23:55";
    plant(
      server,
      keyOf(time),
      keyOf(time, { account: "210987654321" }),
      keyOf(time, { region: "us-east-1" }),
      keyOf(time, { hive: true, account: "210987654321" }),
    );
    const narrowed = { accounts: new Set(["123456789012"]), regions: new Set(["eu-west-1"]) };
    const { digest, counts } = await digestBy(digesterOf(server, narrowed), HOUR);
    expect(addressesOf(digest)).toEqual(["10.0.0.1"]);
    expect(counts).toMatchObject({ foldersNotSelected: 3 });
    expect(listed(server)).toEqual([
      "",
      "AWSLogs/",
      "AWSLogs/123456789012/vpcflowlogs/",
      "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2024/06/01/**",
      "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2024/06/02/**",
    ]);
  });

  test("are looked up again after a while: a new account is found", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const server = await startS3();
    const digester = digesterOf(server);
    plant(server, keyOf("2024-06-01T23:55"));
    await digestBy(digester, HOUR);
    plant(server, keyOf("2024-06-01T23:55"), keyOf("2024-06-01T23:55", { account: "210987654321" }));
    expect((await digestBy(digester, HOUR)).counts).toMatchObject({ files: 1 });
    vi.advanceTimersByTime(5 * 60_000);
    expect((await digestBy(digester, HOUR)).counts).toMatchObject({ files: 2 });
  });

  test("an empty digest for a window without files", async () => {
    const server = await startS3();
    plant(server, keyOf("2023-06-01T23:55"));
    expect(await digestBy(digesterOf(server), HOUR)).toMatchObject({ digest: "", counts: { files: 0 } });
  });
});

async function failure(server: S3Server, options = {}): Promise<unknown> {
  return digestBy(digesterOf(server, options), HOUR).catch((error: unknown) => error);
}

describe("what is wrong fails, and says what", () => {
  test("a prefix under which nothing is recognised", async () => {
    const server = await startS3();
    const bucket = server.bucket("logs");
    bucket.put("p/README.md", "");
    bucket.put("p/images/a.png", "");
    bucket.put("elsewhere/flow.log", "");
    const error = await failure(server, { prefix: "p/" });
    expect(error).toBeInstanceOf(DependencyError);
    expect(error).toMatchObject({ dependency: "digester", transient: false });
    expect(String(error)).toMatch(
      /looked for .*\*\.log\.gz.*, below s3:\/\/logs\/p\/, and found p\/images\/, p\/README\.md, p\/images\/a\.png$/,
    );
    expect(String(await failure(server, { prefix: "q/" }))).toMatch(
      /below s3:\/\/logs\/q\/, and found nothing$/,
    );
  });

  test("a day of a region that isn't there", async () => {
    const server = await startS3();
    plant(server, keyOf("2024-06-01T23:55"));
    const prefix = "AWSLogs/123456789012/vpcflowlogs/eu-west-9/2024/";
    expect(String(await failure(server, { prefix }))).toMatch(/found nothing$/);
  });

  test("a bucket that isn't there, for readiness too", async () => {
    const server = await startS3();
    const missing = { dependency: "digester", transient: false, message: /there is no bucket nowhere$/ };
    const expected = { ...missing, message: expect.stringMatching(missing.message) as unknown };
    expect(await failure(server, { bucket: "nowhere" })).toMatchObject(expected);
    await expect(sourceOf(server, { bucket: "nowhere" }).ready(NEVER)).rejects.toMatchObject(expected);
  });

  test("readiness asks below the prefix alone, where permission may end", async () => {
    const server = await startS3();
    await sourceOf(server, { prefix: "p/" }).ready(NEVER);
    expect(listed(server)).toEqual(["p/**"]);
  });
});
