import { execFileSync } from "node:child_process";
import { gunzipSync, inflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestToGzip } from "../../src/graph/digest-to-gzip.js";
import { newStats } from "../../src/graph/stats.js";
import { dotOf, row, spellings } from "./digests.js";

const LINE =
  "2 123456789010 eni-abc123de 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK\n";

async function gzipOf(chunks: Iterable<string>, stats = newStats()): Promise<Buffer> {
  const blocks: Buffer[] = [];
  async function* source(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield Buffer.from(chunk, "latin1");
  }
  for await (const block of digestToGzip(stats)(source())) blocks.push(block);
  return Buffer.concat(blocks);
}

function* cut(digest: string, size: number): Generator<string> {
  for (let at = 0; at < digest.length; at += size) yield digest.slice(at, at + size);
}

const lines = fc.tuple(row, fc.constantFrom(...spellings)).map(([row, spell]) => spell(row));
const digest = fc.array(fc.oneof(lines, fc.constant(LINE)), { maxLength: 30 }).map((lines) => lines.join(""));

describe("a digest to gzipped DOT", () => {
  test("is one member that holds the DOT, with the same counts, wherever it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(digest, fc.integer({ min: 50, max: 5000 }), async (digest, size) => {
        const [stats, expected] = [newStats(), newStats()];
        const dot = await dotOf([digest], expected);
        const gzip = await gzipOf(cut(digest, size), stats);
        expect(gunzipSync(gzip).toString("latin1")).toBe(dot);
        expect(inflateRawSync(gzip.subarray(10, -8)).toString("latin1")).toBe(dot);
        expect(stats).toEqual({ ...expected, gzipBytes: gzip.length });
        expect(gzip.equals(await gzipOf([digest]))).toBe(true);
      }),
    );
  });

  test("of many lines and nodes is what gzip accepts", async () => {
    const digest = Array.from({ length: 20_000 }, (_, i) => {
      const ends = `172.31.16.${i % 256} 10.${i % 7}.${i % 199}.${(i * 31) % 251}`;
      const sums = `${(i * 7919) % 65_536} 443 6 ${i} ${i * i}`;
      return `2 123456789010 eni-${(i * 48_271) % 9973} ${ends} ${sums} 1418530010 ${1_418_530_010 + (i % 600)} ACCEPT OK\n`;
    }).join("");
    const dot = await dotOf([digest]);
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
    expect(gunzipSync(await gzipOf([digest])).toString("latin1") === (await dotOf([digest]))).toBe(true);
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
    expect(gunzipSync(await gzipOf([LINE])).toString("latin1")).toBe(await dotOf([LINE]));
  });
});
