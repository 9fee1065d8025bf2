import { readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { bodyOf } from "../../support/digest-body.js";
import { CorruptInputError, DependencyError } from "../../../src/errors.js";
import { TimeWindow } from "../../../src/window.js";
import { SAMPLE_WINDOW } from "../../make-sample-flow-logs.js";
import { digest, digesterOf, directoryOf } from "./digesting.js";

const HEADER =
  "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";
const RECORD =
  "2 123456789010 eni-abc123de 10.0.0.1 10.0.0.2 40000 443 6 3 300 1418530010 1418530070 ACCEPT OK";
const SUMMED = "2 123456789010 eni-abc123de 10.0.0.1 10.0.0.2 0 443 6 3 300 1418530010 1418530070 ACCEPT OK";

/** The record with some of its values changed, by their names. */
function record(changes: Record<string, string | number>): string {
  const names = HEADER.split(" ");
  const values = RECORD.split(" ");
  return values.map((value, index) => changes[names[index] ?? ""] ?? value).join(" ");
}

function awsName(time: string): string {
  return `123456789010_vpcflowlogs_eu-west-1_fl-1_${time}_abc.log.gz`;
}

describe("golden pairs", () => {
  const directory = "test/fixtures/digest";
  const names = readdirSync(directory).filter((name) => name.endsWith(".log"));
  test.each(names)("%s", async (name) => {
    const log = readFileSync(join(directory, name));
    const expected = readFileSync(join(directory, name.replace(/\.log$/, ".digest")), "utf8")
      .split("\n")
      .slice(0, -1)
      // A table knows what an action says, not how it was written.
      .map((line) => line.replace(/\S+ \S+$/, (action) => action.toUpperCase()));
    expect((await digest(directoryOf({ "flow.log": log }))).lines).toEqual(expected);
    expect((await digest(directoryOf({ "flow.log.gz": gzipSync(log) }))).lines).toEqual(expected);
  });
});

describe("gzip in several members", () => {
  const members = [
    `${HEADER}\n${RECORD}\n`,
    `${RECORD}\n${RECORD.slice(0, 20)}`,
    `${RECORD.slice(20)}\n`,
    "",
  ].map((text) => gzipSync(text));

  test("is read whole", async () => {
    const { lines, counts } = await digest(directoryOf({ "flow.log.gz": Buffer.concat(members) }));
    expect(lines).toEqual([SUMMED.replace(" 3 300 ", " 9 900 ")]);
    expect(counts).toMatchObject({ records: 3 });
  });

  test("fails when the last is truncated, or something else follows", async () => {
    const whole = Buffer.concat(members.slice(0, 2));
    for (const bytes of [whole.subarray(0, -1), Buffer.concat([whole, Buffer.from("more")])]) {
      await expect(digest(directoryOf({ "flow.log.gz": bytes }))).rejects.toThrow(
        "flow.log.gz: expected complete",
      );
    }
  });
});

describe("sums", () => {
  test("are exact beyond 2^53", async () => {
    const log = [
      record({ packets: "9007199254740993", bytes: "4611686018427387904" }),
      record({ packets: "1", bytes: "4611686018427387902" }),
      record({ packets: "1", bytes: "1" }),
    ].join("\n");
    const { lines } = await digest(directoryOf({ "flow.log": log }));
    expect(lines).toEqual([SUMMED.replace(" 3 300 ", " 9007199254740995 9223372036854775807 ")]);
  });

  test("that an edge can hold are read again, and what goes beyond fails with its key", async () => {
    const most = String(2n ** 63n - 1n);
    const directory = directoryOf({ "flow.log": record({ packets: "1", bytes: most }) });
    expect((await digest(directory)).lines).toEqual([SUMMED.replace(" 3 300 ", ` 1 ${most} `)]);
    for (const keysInMemory of [1, 1000]) {
      const beyond = directoryOf({
        "1.log": record({ bytes: most }),
        "2.log": [record({ dstport: 80 }), record({ dstport: 22 })].join("\n"),
        "3.log": record({ packets: "1", bytes: "1" }),
      });
      const failed = digest(beyond, undefined, { keysInMemory });
      await expect(failed).rejects.toThrow(CorruptInputError);
      await expect(failed).rejects.toThrow(
        `expected bytes of an edge to sum up to at most ${most}, got ${2n ** 63n} (123456789010 `,
      );
    }
  });

  test("of many small records are exact beyond 2^53", async () => {
    const log = `${record({ bytes: "999999999999999" })}\n`.repeat(20);
    const { lines } = await digest(directoryOf({ "flow.log": log }));
    expect(lines).toEqual([SUMMED.replace(" 3 300 ", " 60 19999999999999980 ")]);
  });

  test("tell the first start and the last end on every line", async () => {
    const log = [record({}), record({ dstport: 80, start: 1418530000, end: 1418530100 })].join("\n");
    const { lines } = await digest(directoryOf({ "flow.log": log }));
    expect(lines.map((line) => line.split(" ").slice(10, 12))).toEqual([
      ["1418530000", "1418530100"],
      ["1418530000", "1418530100"],
    ]);
  });

  test("keep the service's port, whichever side it is on", async () => {
    const log = [record({ srcport: 443, dstport: 40000 }), record({ srcport: 500, dstport: 500 })].join("\n");
    const { lines } = await digest(directoryOf({ "flow.log": log }));
    expect(lines.map((line) => line.split(" ").slice(5, 7))).toEqual([
      ["0", "500"],
      ["443", "0"],
    ]);
  });
});

describe("what is left out is counted", () => {
  test("records without traffic, without addresses, lost ones, and those of other windows", async () => {
    const log = [
      HEADER,
      RECORD,
      "2 123456789010 eni-1a2b3c4d - - - - - - - 1418530010 1418530070 - NODATA",
      "2 123456789010 eni-1a2b3c4d - - - - - - - 1418530010 1418530070 - SKIPDATA",
      record({ srcaddr: "-" }),
      record({ packets: "-", dstport: 80 }),
      record({ end: 1418533200 }),
      record({ end: 1418529599 }),
    ].join("\n");
    const window = TimeWindow.parse("2014-12-14T04:00:00Z", "2014-12-14T05:00:00Z");
    const { lines, counts } = await digest(directoryOf({ "flow.log": log }), window);
    expect(lines).toHaveLength(2);
    expect(counts).toMatchObject({
      files: 1,
      records: 7,
      nodata: 1,
      skipdata: 1,
      noAddress: 1,
      outsideWindow: 2,
      withoutSums: 1,
      keys: 2,
    });
  });

  test("a record belongs to the window that its end is in: from start up to stop", async () => {
    const log = [1418529600, 1418533199].map((end) => record({ end })).join("\n");
    const window = TimeWindow.parse("2014-12-14T04:00:00Z", "2014-12-14T05:00:00Z");
    expect((await digest(directoryOf({ "flow.log": log }), window)).counts).toMatchObject({
      outsideWindow: 0,
    });
  });

  test("foreign files and links", async () => {
    const outside = directoryOf({ "secret.log": record({ srcaddr: "192.0.2.1" }) });
    const directory = directoryOf({
      "a/b/flow.log": RECORD,
      "._flow.log": "no flow log",
      "trail/123456789010_CloudTrail_eu-west-1_20141214T0400Z_abc.json.gz": gzipSync("{}"),
      "lb/123456789010_elasticloadbalancing_eu-west-1_app_20141214T0400Z_abc.log.gz": gzipSync("x"),
    });
    symlinkSync(outside, join(directory, "outside"));
    symlinkSync(join(outside, "secret.log"), join(directory, "secret.log"));
    symlinkSync(join(directory, "a/b/flow.log"), join(directory, "again.log"));
    const { lines, counts, warnings } = await digest(directory);
    expect(lines).toEqual([SUMMED]);
    expect(counts).toMatchObject({ files: 1, foreignFiles: 3, linksNotFollowed: 3 });
    expect(warnings).toEqual([expect.stringMatching(/^3 links weren't followed: .*secret\.log/)]);
  });

  test("links, which are named where there is nothing else", async () => {
    const directory = directoryOf({});
    symlinkSync(directoryOf({ "flow.log": RECORD }), join(directory, "elsewhere"));
    await expect(digest(directory)).rejects.toThrow("elsewhere (a link, not followed)");
  });

  test("files that AWS named for another time", async () => {
    const gz = gzipSync(RECORD);
    const times = ["T0354", "T0356", "T0459", "T0500", "T0504", "T0505"];
    const names = times.map((time, index) => awsName(`20141214${time}Z`).replace("abc", `${index}`));
    const window = TimeWindow.parse("2014-12-14T04:00:00Z", "2014-12-14T05:00:00Z");
    const { counts } = await digest(directoryOf(Object.fromEntries(names.map((key) => [key, gz]))), window);
    expect(counts).toMatchObject({ files: 4, filesOutsideWindow: 2 });
  });
});

describe("what is wrong fails, and says where", () => {
  test.each([
    ["13 fields", RECORD.slice(0, -3), 'expected 14 fields and single spaces, got 13, in "2 1234567'],
    ["HTML", "<html><body>Forbidden</body></html>", "expected 14 fields and single spaces, got 1"],
    ["two spaces", RECORD.replace(" 6 ", "  6 "), "got 15"],
    ["a port", record({ dstport: 65536 }), 'expected dstport from 0 to 65535, got "65536"'],
    ["a protocol", record({ protocol: "tcp" }), 'expected protocol from 0 to 255, got "tcp"'],
    [
      "an address",
      record({ srcaddr: "10.0.0.256" }),
      'expected srcaddr, an IPv4 or IPv6 address, got "10.0.0.256"',
    ],
    ["a zone", record({ srcaddr: "fe80::1%eth0" }), "expected srcaddr"],
    ["a count", record({ bytes: String(2n ** 105n) }), "expected bytes from 0 to 2^105-1"],
    ["a negative count", record({ packets: "-1" }), 'expected packets from 0 to 2^105-1, got "-1"'],
    ["an end", record({ end: "-" }), 'expected end, a Unix time in seconds, got "-"'],
    ["a start", record({ start: "yesterday" }), 'expected start, a Unix time in seconds, got "yesterday"'],
    ["an action", record({ action: "DROP" }), 'expected action ACCEPT, REJECT or -, got "DROP"'],
    ["a status", record({ "log-status": "NOPE" }), 'expected log-status OK, NODATA or SKIPDATA, got "NOPE"'],
    ["a quote", record({ "interface-id": 'eni"' }), "expected interface-id"],
    ["a NUL byte", record({ "account-id": "123\0" }), "\\u0000"],
    ["a version", record({ version: "two" }), "expected version"],
    [
      "a header without ports",
      "version srcaddr dstaddr start end",
      "expected a header with srcport, dstport, protocol",
    ],
  ])("%s", async (_, line, message) => {
    const failed = digest(directoryOf({ "a/flow.log": `${HEADER}\n${RECORD}\n${line}\n${RECORD}\n` }));
    await expect(failed).rejects.toThrow(CorruptInputError);
    await expect(failed).rejects.toThrow("a/flow.log, line 3: ");
    await expect(failed).rejects.toThrow(message);
  });

  test("a line of 10 MB, without end or not", async () => {
    const long = `${RECORD}\n${"x".repeat(10_000_000)}`;
    for (const log of [long, `${long}\n`]) {
      const failed = digest(directoryOf({ "flow.log": log }));
      await expect(failed).rejects.toThrow("flow.log, line 2: expected a line of at most 65536 bytes");
    }
  });

  test("gzip that is truncated anywhere", async () => {
    const whole = gzipSync(`${RECORD}\n`.repeat(10));
    for (let length = 1; length < whole.length; length++) {
      const failed = digest(directoryOf({ "a/flow.log.gz": whole.subarray(0, length) }));
      await expect(failed).rejects.toThrow(CorruptInputError);
      await expect(failed).rejects.toThrow("a/flow.log.gz");
    }
  });

  test("gzip with a wrong checksum", async () => {
    const gz = gzipSync(`${RECORD}\n`);
    gz.writeUInt32LE(gz.readUInt32LE(gz.length - 8) + 1, gz.length - 8);
    const failed = digest(directoryOf({ "flow.log.gz": gz }));
    await expect(failed).rejects.toThrow(CorruptInputError);
    await expect(failed).rejects.toThrow("flow.log.gz: expected complete and undamaged gzip");
  });

  test("a directory that doesn't exist", async () => {
    const missing = join(directoryOf({}), "missing");
    const failed = digest(missing);
    await expect(failed).rejects.toThrow(DependencyError);
    await expect(failed).rejects.toThrow(missing);
    await expect(failed).rejects.toMatchObject({ dependency: "digester", transient: false });
    await expect(digesterOf(missing).ready(new AbortController().signal)).rejects.toThrow(missing);
  });

  test("a directory in which nothing is recognised", async () => {
    const failed = digest(directoryOf({ "._README.md": "", "a/._notes.txt": "" }));
    await expect(failed).rejects.toThrow(/looked for flow logs .* found 2 files .*: .*\._README\.md/);
    await expect(digest(directoryOf({}))).rejects.toThrow("found nothing");
  });
});

describe("the sample flow logs", () => {
  const window = TimeWindow.parse(SAMPLE_WINDOW.start, SAMPLE_WINDOW.stop);

  test("are all in their window", async () => {
    const { lines, counts } = await digest("test/fixtures/flow-logs", window);
    expect(counts).toMatchObject({
      files: 48,
      filesOutsideWindow: 0,
      outsideWindow: 0,
      skipdata: 2,
      nodata: 120,
    });
    expect(lines.length).toBe(counts["keys"]);
    expect(lines.filter((line) => line.includes("REJECT")).length).toBeGreaterThan(50);
  });

  test("give the same bytes each time", async () => {
    const digester = digesterOf("test/fixtures/flow-logs");
    const [one, other] = await Promise.all(
      [1, 2].map(async () => {
        return text(bodyOf(await digester.digest(window, new AbortController().signal)));
      }),
    );
    expect(one).toBe(other);
  });

  test("of an hour are read from the files of that hour", async () => {
    const hour = TimeWindow.parse("2024-06-02T00:00:00Z", "2024-06-02T01:00:00Z");
    expect((await digest("test/fixtures/flow-logs", hour)).counts).toMatchObject({
      files: 24,
      filesOutsideWindow: 24,
      outsideWindow: 0,
    });
  });
});

describe("a digest that is no longer wanted", () => {
  test("ends with the signal's reason", async () => {
    const controller = new AbortController();
    const directory = directoryOf({ "flow.log": `${RECORD}\n`.repeat(100_000) });
    const digest = await digesterOf(directory).digest(
      TimeWindow.parse("2010-01-01T00:00:00Z", "2030-01-01T00:00:00Z"),
      controller.signal,
    );
    const reason = new Error("stopping");
    controller.abort(reason);
    await expect(text(bodyOf(digest))).rejects.toBe(reason);
  });
});

test("how far the reading is, in files and records, is told at any time", async () => {
  const files = { "1.log": `${HEADER}\n${RECORD}\n`, "2.log": `${HEADER}\n${RECORD}\n${RECORD}\n` };
  const window = TimeWindow.parse("2014-12-14T04:00:00Z", "2014-12-14T05:00:00Z");
  const { edges, progress } = await digesterOf(directoryOf(files)).digest(
    window,
    new AbortController().signal,
  );
  expect(progress?.()).toEqual({ filesDone: 0, files: 2, records: 0 });
  for await (const _ of edges) expect(progress?.()).toEqual({ filesDone: 2, files: 2, records: 3 });
});
