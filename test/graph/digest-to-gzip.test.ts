import { execFileSync } from "node:child_process";
import { gunzipSync, inflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestToGzip } from "../../src/graph/digest-to-gzip.js";
import { newStats } from "../../src/graph/stats.js";
import { gzipOf, row, spellings } from "./digests.js";
import { toDot } from "./to-dot.js";

const LINE =
  "2 123456789010 eni-abc123de 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK\n";

function* cut(digest: string, size: number): Generator<string> {
  for (let at = 0; at < digest.length; at += size) yield digest.slice(at, at + size);
}

const lines = fc.tuple(row, fc.constantFrom(...spellings)).map(([row, spell]) => spell(row));
const digest = fc.array(fc.oneof(lines, fc.constant(LINE)), { maxLength: 30 }).map((lines) => lines.join(""));

/** What is a field here and there, or nearly one. */
const ODD = ["", "a b", "a\nb", "a".repeat(256), "a".repeat(257)].concat(
  "- 0 00 01 007 255 256 65535 65536 065535 99999 100000 1.5 -1 +1 2 3 22 12345678/ 1234567:".split(" "),
  "999999999999999 1000000000000000 9999999999999999 10000000000000000 0000000000000000".split(" "),
  "9223372036854775807 9223372036854775808 40564819207303340847894502572032".split(" "),
  "::1 ::ffff:1.2.3.4 1.2.3.4 1.2.3.04 1.2.3.256 1.2.3 fe80::1%eth0 localhost".split(" "),
  "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255 xfff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555".split(" "),
  "ACCEPT REJECT Accept ACCEPTED REJECTX OK OKK OK\r NODATA SKIPDATA".split(" "),
);
const BYTES = [0, 0x0a, 0x1f, 0x20, 0x22, 0x2f, 0x30, 0x3a, 0x5c, 0x7f, 0x80];

/** Lines that are usual but for a field or a byte. */
function* nearlyUsual(): Generator<string> {
  const fields = LINE.trim().split(" ");
  for (const index of fields.keys()) for (const text of ODD) yield `${fields.with(index, text).join(" ")}\n`;
  for (let at = 0; at < LINE.length; at++) {
    for (const byte of BYTES) yield LINE.slice(0, at) + String.fromCharCode(byte) + LINE.slice(at + 1);
  }
}

async function outcomeOf(make: () => Promise<string>): Promise<string> {
  return make().catch((error: unknown) => String(error));
}

describe("a digest to gzipped DOT", () => {
  test("is one member that holds the DOT, with the same counts, wherever it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(digest, fc.integer({ min: 50, max: 5000 }), async (digest, size) => {
        const stats = newStats();
        const { dot, stats: expected } = toDot(digest);
        const gzip = await gzipOf(cut(digest, size), stats);
        expect(gunzipSync(gzip).toString("latin1")).toBe(dot);
        expect(inflateRawSync(gzip.subarray(10, -8)).toString("latin1")).toBe(dot);
        expect(stats).toEqual({ ...expected, gzipBytes: gzip.length });
        expect(gzip.equals(await gzipOf([digest]))).toBe(true);
      }),
    );
  });

  test("takes what is an edge, and nothing else", async () => {
    const outcomes = new Map<string, number>();
    for (const line of nearlyUsual()) {
      const digest = LINE + line + LINE;
      const [made, expected] = await Promise.all([
        outcomeOf(async () => gunzipSync(await gzipOf([digest])).toString("latin1")),
        outcomeOf(async () => toDot(digest).dot),
      ]);
      expect(made).toBe(expected);
      const kind = made.slice(0, 7);
      outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
    }
    expect(outcomes.get("digraph")).toBeGreaterThan(200);
    expect(outcomes.get("Corrupt")).toBeGreaterThan(500);
  });

  test("of more addresses than it remembers has each node once", async () => {
    const address = [
      (i: number) => `10.${i % 200}.${(i * 7) % 251}.${(i * 31) % 241}`,
      (i: number) => `2001:db8:${(i % 211).toString(16)}::${(i % 4099).toString(16)}`,
      (i: number) => `2001:db8:1111:2222:3333:4444:${(i % 97).toString(16)}:${(i % 8191).toString(16)}`,
      (i: number) => `2001:db8:1111:2222:3333:4444:${i % 101}.${i % 103}.7.8`,
    ];
    const digest = Array.from({ length: 25_000 }, (_, i) =>
      LINE.replace("172.31.16.139", address[i % 4]?.(i) ?? "").replace(
        "172.31.16.21",
        address[i % 3]?.(i * 3) ?? "",
      ),
    ).join("");
    const stats = newStats();
    const gzip = await gzipOf(cut(digest, 100_000), stats);
    const { dot, stats: expected } = toDot(digest);
    expect(gunzipSync(gzip).toString("latin1") === dot).toBe(true);
    expect(stats).toEqual({ ...expected, gzipBytes: gzip.length });
    expect(stats.nodes).toBeGreaterThan(20_000);
  });

  test("of many lines and nodes is what gzip accepts", async () => {
    const digest = Array.from({ length: 20_000 }, (_, i) => {
      const ends = `172.31.16.${i % 256} 10.${i % 7}.${i % 199}.${(i * 31) % 251}`;
      const sums = `${(i * 7919) % 65_536} 443 6 ${i} ${i * i}`;
      return `2 123456789010 eni-${(i * 48_271) % 9973} ${ends} ${sums} 1418530010 ${1_418_530_010 + (i % 600)} ACCEPT OK\n`;
    }).join("");
    const { dot } = toDot(digest);
    const gzip = await gzipOf(cut(digest, 65_536));
    expect(gunzipSync(gzip).toString("latin1") === dot).toBe(true);
    execFileSync("gzip", ["-t"], { input: gzip });
    expect(gzip.equals(await gzipOf(cut(digest, 777)))).toBe(true);
  });

  test("has room for the longest lines", async () => {
    const bytes = String.raw`\\\#$&'()*,/;?~}^w`;
    let state = 1;
    const name = () =>
      Array.from(
        { length: 256 },
        () => bytes[(state = (state * 48_271) % 2_147_483_647) % bytes.length],
      ).join("");
    const longest = LINE.replace("172.31.16.21", "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255");
    const digest = Array.from({ length: 1500 }, () => {
      const [account, eni] = [name(), name()];
      return longest.replace("123456789010", () => account).replace("eni-abc123de", () => eni);
    }).join("");
    expect(gunzipSync(await gzipOf([digest])).toString("latin1") === toDot(digest).dot).toBe(true);
  });

  test("passes on an error of the source", async () => {
    const error = new Error("cut off");
    async function* source(): AsyncGenerator<Buffer> {
      yield Buffer.from(LINE.repeat(2000));
      throw error;
    }
    const read = async () => {
      for await (const block of digestToGzip(newStats())(source())) expect(block.length).toBeGreaterThan(0);
    };
    await expect(read()).rejects.toBe(error);
    expect(gunzipSync(await gzipOf([LINE])).toString("latin1")).toBe(toDot(LINE).dot);
  });
});
