import { gunzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CorruptInputError } from "../../src/errors.js";
import { newStats } from "../../src/graph/stats.js";
import { dotOf, gzipOf, lineOf, row, spellings } from "./digests.js";
import { labelOf, readDot } from "./read-dot.js";
import { countTurns } from "../support/count-turns.js";

const rows = fc.array(row, { maxLength: 30 });
const LINE =
  "2 123456789010 eni-abc123de 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK\n";

describe("any digest", () => {
  test("can be read back: rows, labels, and one node for each address", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (rows) => {
        const graph = readDot(await dotOf(rows.map((row) => `${lineOf(row)}\n`)));
        expect(graph.rows).toEqual(rows);
        expect(graph.labels).toEqual(rows.map(labelOf));
        expect(graph.nodes).toEqual([...new Set(rows.flatMap((row) => [row.source, row.destination]))]);
      }),
    );
  });

  test("gives the same bytes however its lines are spelled", async () => {
    const spelling = fc.constantFrom(...spellings);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(row, spelling), { maxLength: 30 }), async (lines) => {
        const [usual] = spellings;
        const expected = await dotOf(lines.map(([row]) => usual?.(row) ?? ""));
        expect(await dotOf(lines.map(([row, spell]) => spell(row)))).toBe(expected);
      }),
    );
  });

  test("gives the same bytes wherever it is cut, and without its last line feed", async () => {
    const cuts = fc.array(fc.nat(), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(rows, cuts, fc.boolean(), async (rows, cuts, whole) => {
        const text = rows.map((row, i) => spellings[i % spellings.length]?.(row)).join("");
        const digest = whole ? text : text.replace(/\r?\n$/, "");
        const at = [
          0,
          ...cuts.map((cut) => cut % (digest.length + 1)).toSorted((a, b) => a - b),
          digest.length,
        ];
        const chunks = at.slice(1).map((end, i) => digest.slice(at[i], end));
        expect(await dotOf(chunks)).toBe(await dotOf([text]));
      }),
    );
  });

  test("gives the same bytes in chunks of one byte", async () => {
    const digest = fc.sample(row, { numRuns: 20, seed: 1 }).map(lineOf).join("\n");
    expect(await dotOf(Array.from(digest))).toBe(await dotOf([digest]));
  });
});

test("a value of any length is copied whole, in the shortest line too", async () => {
  for (const ending of ["ACCEPT OK", "- OK", "- OK "]) {
    for (let length = 1; length < 19; length++) {
      const end = "1".repeat(length);
      const graph = readDot(await dotOf([`2 - - ::1 ::2 0 0 0 0 0 0 ${end} ${ending}`]));
      expect(graph.rows[0]?.numbers.at(-1)).toBe(end);
    }
  }
});

test("two spellings of one address are two nodes", async () => {
  const line = LINE.replace("172.31.16.139", "2001:DB8::1").replace("172.31.16.21", "2001:db8::1");
  expect(readDot(await dotOf([line])).nodes).toEqual(["2001:DB8::1", "2001:db8::1"]);
});

test("counts", async () => {
  const stats = newStats();
  const lines = [
    LINE,
    LINE.replace("ACCEPT", "REJECT"),
    LINE.replace("ACCEPT", "reject"),
    LINE.replace("ACCEPT", "-"),
    "2 123456789010 eni-1a2b3c4d - - - - - - - 1431280876 1431280934 - NODATA\n",
    "2 unknown - - - - - - - - - - - SKIPDATA\n",
    "2 - eni-1a2b3c4d - - - - - - - 1431280876 1431280934 - skipdata\n",
  ];
  const gzip = await gzipOf(lines, stats);
  const digestBytes = Buffer.byteLength(lines.join(""));
  expect(stats).toEqual({
    edges: 4,
    nodes: 2,
    rejected: 2,
    nodata: 1,
    skipdata: 2,
    digestBytes,
    bytes: gunzipSync(gzip).length,
    gzipBytes: gzip.length,
  });
});

test("lets the event loop turn while it reads from a source that never waits", async () => {
  const lines = [LINE.repeat(10_000), "2 a b - - - - - - - - - - NODATA\n".repeat(32_000)];
  const turns = await countTurns(() => dotOf(lines));
  // Two megabytes in stretches of 64 KiB.
  expect(turns).toBeGreaterThan(30);
});

describe("a line that is none", () => {
  const fields = LINE.trim().split(" ");
  const withField = (index: number, text: string) => fields.with(index, text).join(" ");
  const bigNumber = /a whole number from 0 to 40564819207303340847894502572031, without leading zeros, got "/;
  const bigTime = /a whole number from 0 to 9223372036854775807, without leading zeros, got "/;

  test.for([
    ["empty", "", /expected 14 fields separated by single spaces, got 0: ""$/],
    ["only spaces", "   ", /got 0: ""$/],
    ["HTML", "<html>", /got 1: "<html>"$/],
    ["13 fields", fields.slice(1).join(" "), /got 13: "123456789010 eni-abc123de/],
    ["15 fields", `${LINE.trim()} x`, /got 15/],
    ["two spaces", LINE.trim().replace(" ", "  "), /got 15/],
    ["a leading space", ` ${LINE.trim()}`, /got 15/],
    ["tabs", fields.join("\t"), /got 1: "2\\t1234/],
    ["another version", withField(0, "3"), /expected version to be 2, got "3"$/],
    [
      "a header of another format",
      "version interface-id account-id a b c d e f g h i j k",
      /version to be 2, got "version"/,
    ],
    ["a NUL byte", withField(1, "1234\u0000"), /account-id to be 1 to 256 printable .*, got "1234\\u0000"$/],
    ["a quote", withField(2, 'eni"'), /interface-id to be .*, got "eni\\""$/],
    ["a control character", withField(2, "eni\u001b[31m"), /got "eni\\u001b\[31m"$/],
    ["a control character of Latin 1", withField(2, "eni\u009b"), /got "eni\\u009b"$/],
    ["an account of 257 characters", withField(1, "a".repeat(257)), /got "a{80}"…$/],
    ["no address", withField(3, "-"), /srcaddr to be an IPv4 or IPv6 address, got "-"$/],
    ["a host name", withField(4, "localhost"), /dstaddr to be .*, got "localhost"$/],
    ["an octet of 256", withField(3, "10.0.0.256"), /srcaddr/],
    ["an octet with leading zeros", withField(3, "10.0.0.01"), /srcaddr/],
    ["three octets", withField(3, "10.0.0"), /srcaddr/],
    ["five octets", withField(3, "10.0.0.0.1"), /srcaddr/],
    ["a trailing dot", withField(3, "10.0.0.1."), /srcaddr/],
    ["two double colons", withField(4, "1::2::3"), /dstaddr/],
    ["nine groups", withField(4, "1:2:3:4:5:6:7:8:9"), /dstaddr/],
    ["a zone", withField(4, "fe80::1%eth0"), /dstaddr/],
    [
      "a port of 65536",
      withField(5, "65536"),
      /srcport to be a whole number from 0 to 65535, .*, got "65536"$/,
    ],
    ["a port with leading zeros", withField(6, "080"), /dstport .*, got "080"$/],
    ["a negative port", withField(6, "-1"), /dstport/],
    ["no port", withField(6, "-"), /dstport/],
    ["a protocol of 256", withField(7, "256"), /protocol to be a whole number from 0 to 255/],
    ["a name for a protocol", withField(7, "tcp"), /protocol/],
    ["2^105 packets", withField(8, "40564819207303340847894502572032"), bigNumber],
    ["33 digits of bytes", withField(9, "100000000000000000000000000000000"), bigNumber],
    ["a start of 2^63", withField(10, "9223372036854775808"), bigTime],
    ["a fraction", withField(10, "1.5"), /start to be/],
    ["an exponent", withField(11, "1e9"), /end to be/],
    ["another action", withField(12, "DROP"), /action to be ACCEPT, REJECT or -, got "DROP"$/],
    ["another status", withField(13, "LOST"), /log-status to be OK, NODATA or SKIPDATA, got "LOST"$/],
    ["no status", withField(13, "-"), /log-status/],
    ["NODATA with a wrong port", "2 a b - - 65536 - - - - - - - NODATA", /srcport/],
    ["NODATA of another version", "- a b - - - - - - - - - - NODATA", /version/],
    [
      "10 MB in one line",
      `2 ${"a".repeat(10_000_000)}`,
      /a line of at most 65536 bytes, got a longer one: "2 a{78}"…$/,
    ],
  ] as const)("%s", async ([, line, message]) => {
    // Nothing after the last line feed is no line.
    for (const end of line === "" ? ["\n", "\r\n"] : ["\n", "\r\n", ""]) {
      const error: unknown = await dotOf([LINE + LINE + line + end]).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(CorruptInputError);
      expect(String(error)).toMatch(message);
      expect(String(error)).toContain("line 3 of the digest: ");
    }
  });
});

describe("a line's length", () => {
  test.for(["\n", "\r\n", "", "\r"])("may be 64 KiB and no more, before %j", async (ending) => {
    for (const cut of [sliced, (text: string) => [text]]) {
      expect(await dotOf(cut(padded(65_536) + ending))).toBe(await dotOf([LINE]));
      await expect(dotOf(cut(padded(65_537) + ending))).rejects.toThrow(/a line of at most 65536 bytes/);
    }
  });

  test("is noticed before the line ends", async () => {
    await expect(dotOf(endless())).rejects.toThrow(
      /line 1 of the digest: expected a line of at most 65536 bytes/,
    );
  });
});

function padded(length: number): string {
  return LINE.trim().padEnd(length);
}

function sliced(text: string): string[] {
  return Array.from({ length: Math.ceil(text.length / 1000) }, (_, i) =>
    text.slice(i * 1000, (i + 1) * 1000),
  );
}

function* endless(): Generator<string> {
  for (;;) yield "x".repeat(1000);
}
