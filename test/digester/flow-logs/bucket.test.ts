import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { DependencyError } from "../../../src/errors.js";
import { scopeOf } from "../../../src/scope.js";
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

test("an hour of 6 days, 3 accounts, 2 regions and 2 flow logs costs a LIST a page of a day, and a GET a file", async () => {
  const server = await startS3();
  const bucket = server.bucket("logs");
  const content = gzipSync("");
  const start = Date.parse("2024-05-29T00:00:00Z");
  for (let n = 0; n < 6 * 288; n++) {
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

  expect((await digestBy(digester, noon)).counts).toMatchObject({ files: 6 * 13 * 4, foreignFiles: 0 });
  expect(server.count("GetObject")).toBe(6 * 13 * 4);
  const lists = listed(server);
  // p/, p/AWSLogs/, the accounts and their vpcflowlogs/, the regions with year and month; then 1152 keys a day.
  expect(lists.filter((prefix) => !prefix.endsWith("**"))).toHaveLength(2 + 2 * 3 + 3 * 6);
  expect(lists.filter((prefix) => prefix.endsWith("/2024/06/01/**"))).toHaveLength(6 * 2);
  expect(lists).toHaveLength(26 + 12);

  // Near midnight the neighbouring day may hold records of the window. Which folders there are is known by now.
  const { counts } = await digestBy(digester, HOUR);
  expect(counts).toMatchObject({ files: 6 * 13 * 4 });
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
      keyOf(time, { hive: true, hash: "a" }),
      keyOf(time, { hive: true, hours: true, account: "210987654321" }),
      keyOf(time, { hive: true, account: "555555555555" }).replace("aws-service", "service"),
      keyOf(time, { hash: "b" }).replace("AWSLogs/", "AWSLogs/o-exampleorgid/"),
      keyOf(time, { hive: true, hash: "c" }).replace("AWSLogs/", "AWSLogs/o-exampleorgid/"),
      keyOf(time, { root: "deep/down/", hash: "d" }),
      "exports/task/eni-1-all/000000.gz",
      "loose.log",
    );
    server.bucket("logs").put("AWSLogs/123456789012/CloudTrail/eu-west-1/2024/06/01/x.json.gz", "");
    const { digest, counts } = await digestBy(digesterOf(server), HOUR);
    expect(addressesOf(digest)).toHaveLength(10);
    expect(counts).toMatchObject({ files: 10, foreignFiles: 0, foreignFolders: 1 });
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
      "AWSLogs/123456789012/",
      "AWSLogs/123456789012/vpcflowlogs/",
      "AWSLogs/123456789012/vpcflowlogs/eu-west-1/",
      "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2024/",
      "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2024/06/",
      "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2024/06/01/**",
      "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2024/06/02/**",
    ]);
  });

  test("are those of a window's scope, and no LIST or GET is spent on the others", async () => {
    const server = await startS3();
    const time = "2024-06-01T23:55";
    plant(
      server,
      keyOf(time, { root: "p/" }),
      keyOf(time, { root: "p/", account: "210987654321" }),
      keyOf(time, { root: "p/", region: "us-east-1" }),
      keyOf(time, { root: "p/", hive: true, account: "210987654321" }),
    );
    const digester = digesterOf(server, { prefix: "p/" });
    const scoped = HOUR.within(scopeOf({ account: "123456789012", region: "eu-west-1" }));
    expect(addressesOf((await digestBy(digester, scoped)).digest)).toEqual(["10.0.0.1"]);
    expect(server.count("GetObject")).toBe(1);
    const own = "p/AWSLogs/123456789012/vpcflowlogs/eu-west-1/";
    const above = ["p/", "p/AWSLogs/", "p/AWSLogs/123456789012/", "p/AWSLogs/123456789012/vpcflowlogs/"];
    const lists = listed(server);
    expect(lists.filter((prefix) => !prefix.startsWith(own))).toEqual(above);
    expect(lists).toHaveLength(above.length + 5);
    expect((await digestBy(digester, HOUR)).counts).toMatchObject({ files: 3, duplicateFiles: 1 });
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

test("no LIST looks into the folders of other services, or into what is excluded", async () => {
  const server = await startS3();
  plant(server, keyOf("2024-06-01T23:55"), "athena-results/a/b.csv", "reports/a/b.csv");
  for (const service of ["CloudTrail", "elasticloadbalancing", "WAFLogs", "Config"]) {
    plant(server, `AWSLogs/123456789012/${service}/eu-west-1/2024/06/01/x.gz`);
  }
  const exclude = ["athena-results/**", "reports"];
  await sourceOf(server).list({ window: HOUR, exclude }, NEVER);
  const lists = listed(server);
  expect(lists.filter((prefix) => !prefix.includes("vpcflowlogs"))).toEqual([
    "",
    "AWSLogs/",
    "AWSLogs/123456789012/",
  ]);
});

describe("archived objects", () => {
  const ARCHIVED = keyOf("2024-06-01T23:55");

  test.each(["GLACIER", "DEEP_ARCHIVE"])(
    "in %s fail, saying what to do, unless they are left out",
    async (storageClass) => {
      const server = await startS3();
      server.bucket("logs").put(ARCHIVED, "", { storageClass });
      plant(server, keyOf("2024-06-01T23:50"));
      expect(await failure(server)).toMatchObject({
        dependency: "digester",
        obstacle: "archive",
        message: expect.stringMatching(
          new RegExp(`archived in the storage class ${storageClass}: ${ARCHIVED}.*Restore.*FLOW_LOG_EXCLUDE`),
        ),
      });
      const { counts } = await digestBy(digesterOf(server, { exclude: [ARCHIVED] }), HOUR);
      expect(counts).toMatchObject({ files: 1, filesNotSelected: 1 });
    },
  );

  test("of another window, or older than the window, don't matter", async () => {
    const server = await startS3();
    const archived = { storageClass: "GLACIER", modified: new Date("2024-06-01T22:59:59Z") };
    server.bucket("logs").put(keyOf("2024-06-01T21:55"), "", archived);
    server.bucket("logs").put("cloudfront/x.gz", "", archived);
    plant(server, ARCHIVED);
    expect((await digestBy(digesterOf(server), HOUR)).counts).toMatchObject({
      files: 1,
      filesOutsideWindow: 2,
    });
    server.bucket("logs").put("cloudfront/x.gz", "", { storageClass: "GLACIER" });
    expect(String(await failure(server))).toContain("cloudfront/x.gz");
  });

  test.each([
    ["that were restored", { storageClass: "GLACIER", restoredUntil: new Date("2030-01-01T00:00:00Z") }],
    ["that can be read at once", { storageClass: "GLACIER_IR" }],
  ])("%s are read", async (_, options) => {
    const server = await startS3();
    server.bucket("logs").put(ARCHIVED, gzipSync(recordOf("10.0.0.1", "2024-06-01T23:59:00Z")), options);
    expect(addressesOf((await digestBy(digesterOf(server), HOUR)).digest)).toEqual(["10.0.0.1"]);
  });

  test("don't matter where there is a copy that can be read", async () => {
    const server = await startS3();
    server.bucket("logs").put(ARCHIVED, "", { storageClass: "GLACIER" });
    plant(server, `replica/${ARCHIVED}`);
    expect((await digestBy(digesterOf(server), HOUR)).counts).toMatchObject({ files: 1, duplicateFiles: 1 });
  });

  test("that no listing tells of fail when they are read, and aren't retried", async () => {
    const server = await startS3();
    server.bucket("logs").put(ARCHIVED, "x", { storageClass: "INTELLIGENT_TIERING", archived: true });
    expect(await failure(server)).toMatchObject({
      obstacle: "archive",
      message: expect.stringMatching(/GetObject .* it is archived\. Restore it .*FLOW_LOG_EXCLUDE/),
    });
    expect(server.count("GetObject")).toBe(1);
  });
});

test("a name that isn't UTF-8 fails itself alone, with a warning", async () => {
  const server = await startS3();
  // How the server of the tests is told of a byte.
  plant(server, keyOf("2024-06-01T23:55"), "caf\udce9/x.log", "caf\udce9.log");
  const { objects, counts, warnings } = await sourceOf(server).list({ window: HOUR }, NEVER);
  expect(objects).toHaveLength(1);
  expect(counts).toMatchObject({ unnameableFiles: 2 });
  expect(warnings).toEqual([expect.stringMatching(/2 objects have names that aren't UTF-8.*caf%E9\.log/)]);
  const exclude = ["caf*"];
  expect((await sourceOf(server).list({ window: HOUR, exclude }, NEVER)).warnings).toEqual([]);
});

async function failure(server: S3Server, options = {}): Promise<unknown> {
  return digestBy(digesterOf(server, options), HOUR).catch((error: unknown) => error);
}

describe("what is wrong fails, and says what", () => {
  test("a prefix under which nothing is there", async () => {
    const server = await startS3();
    plant(server, "elsewhere/flow.log");
    const error = await failure(server, { prefix: "p/" });
    expect(error).toBeInstanceOf(DependencyError);
    expect(error).toMatchObject({ dependency: "digester", transient: false });
    expect(String(error)).toMatch(
      /looked for flow logs .*below s3:\/\/logs\/p\/, and found nothing\. DIGESTER_ENDPOINT/,
    );
  });

  test("a day of a region that isn't there", async () => {
    const server = await startS3();
    plant(server, keyOf("2024-06-01T23:55"));
    const prefix = "AWSLogs/123456789012/vpcflowlogs/eu-west-9/2024/";
    expect(String(await failure(server, { prefix }))).toMatch(/found nothing\./);
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
