import { execFileSync } from "node:child_process";
import { deflateRawSync, gunzipSync, inflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ACCEPT, newNames, partOf, REJECT, type EdgeBatch } from "../../src/edges/table.js";
import { edgesToGzip } from "../../src/graph/edges-to-gzip.js";
import { newStats } from "../../src/graph/stats.js";
import { batchesOf, batchOf, rows as manyRows, type Row } from "../edges/rows.js";
import { dotOfEdges, gzipOfEdges } from "./dot-of-edges.js";
import { lineOfRow } from "./line-of-row.js";
import { toDot } from "./to-dot.js";

const SECONDS = 1_560_000_000;

/** Each with times of its own, as in digests of elsewhere, or all with the same. */
const rows = fc
  .tuple(manyRows, fc.array(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), { minLength: 1, maxLength: 40 }))
  .map(([rows, times]) =>
    rows.map((row, i) => ({ ...row, start: times[i % times.length] ?? 0n, end: times[0] ?? 0n })),
  );

/** Edges as those of a network: a few interfaces, hosts and services, of which most come again and some don't. */
function usual(count: number, seed = 1): Row[] {
  let state = seed;
  const below = (limit: number) => (state = (state * 48_271) % 2_147_483_647) % limit;
  const host = () =>
    below(3) === 0 ? `10.${below(4)}.${below(256)}.${below(256)}` : `172.16.0.${below(256)}`;
  return Array.from({ length: count }, () => {
    const isRequest = below(2) === 0;
    const port = [443, 80, 53, 22, 5432, 1024 + below(60_000)][below(6)] ?? 0;
    return {
      account: `12345678901${below(3)}`,
      interface: `eni-0${(2 ** 44 + below(300) * 48_271_000_003).toString(16)}`,
      source: host(),
      destination: below(20) === 0 ? `2001:db8::${below(65_536).toString(16)}` : host(),
      protocol: [6, 6, 6, 17, 1][below(5)] ?? 6,
      sourcePort: isRequest ? 0 : port,
      destinationPort: isRequest ? port : 0,
      server: undefined,
      serverBy: undefined,
      action: below(10) === 0 ? REJECT : ACCEPT,
      packets: BigInt(1 + below(10 ** (1 + below(6)))),
      bytes: BigInt(40 + below(10 ** (2 + below(8)))),
      flows: undefined,
      tcpFlags: undefined,
      first: undefined,
      last: undefined,
      active: undefined,
      start: BigInt(SECONDS),
      end: BigInt(SECONDS + 3600),
      further: {},
    };
  });
}

function linesOf(rows: readonly Row[]): string {
  return rows.map(lineOfRow).join("");
}

function usualBatches(rows: readonly Row[], size = 4096): AsyncGenerator<EdgeBatch> {
  return batchesOf(rows, size, []);
}

describe("edges to gzipped DOT", () => {
  test("is one member that holds the DOT of the same edges as lines, and its counts", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (rows) => {
        const stats = newStats();
        const { dot, stats: expected } = toDot(linesOf(rows));
        const gzip = await gzipOfEdges(usualBatches(rows), stats);
        expect(gunzipSync(gzip).toString("latin1")).toBe(dot);
        // One deflate stream from header to trailer: inflating it leaves nothing over.
        expect(inflateRawSync(gzip.subarray(10, -8)).toString("latin1")).toBe(dot);
        expect(stats).toEqual({ ...expected, digestBytes: 0, gzipBytes: gzip.length });
      }),
    );
  });

  test("is the same, however the rows are cut", async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 5 });
    const sample = [...usual(3000), ...fc.sample(rows, { numRuns: 100, seed: 5 }).flat()];
    const batch = batchOf(newNames(), sample, []);
    async function* cut(sizes: readonly number[]): AsyncGenerator<EdgeBatch> {
      for (let from = 0, i = 0; from < batch.rows; i++) {
        const to = Math.min(batch.rows, from + (sizes[i % sizes.length] ?? 1));
        yield partOf(batch, from, to);
        from = to;
      }
    }
    const whole = await gzipOfEdges(cut([batch.rows]));
    await fc.assert(
      fc.asyncProperty(sizes, async (sizes) => {
        expect((await gzipOfEdges(cut(sizes))).equals(whole)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test("of more than positions count, is what gzip accepts, and no larger than what zlib gives", async () => {
    const sample = usual(60_000);
    const { dot } = toDot(linesOf(sample));
    expect(dot.length).toBeGreaterThan(20 * 2 ** 20);
    const gzip = await gzipOfEdges(usualBatches(sample));
    expect(gunzipSync(gzip).toString("latin1") === dot).toBe(true);
    expect(execFileSync("gzip", ["-dc"], { input: gzip, maxBuffer: 2 ** 30 }).equals(Buffer.from(dot))).toBe(
      true,
    );
    expect(gzip.length).toBeLessThan(deflateRawSync(dot, { level: 2, memLevel: 9 }).length);
  });

  test("has each number as it is", async () => {
    const [row] = usual(1);
    if (row === undefined) throw new Error("no row");
    const numbers = Array.from({ length: 63 }, (_, bits) => 2n ** BigInt(bits))
      .concat(Array.from({ length: 19 }, (_, digits) => 10n ** BigInt(digits)))
      .flatMap((power) => [power - 1n, power, power + 1n])
      .concat(2n ** 63n - 1n);
    const sample = Array.from(numbers, (number, i): Row => ({
      ...row,
      packets: number,
      bytes: numbers[(i * 7) % numbers.length] ?? 0n,
      start: numbers[(i * 5) % numbers.length] ?? 0n,
      end: number,
      protocol: i % 256,
      sourcePort: (i * 257) % 65_536,
      destinationPort: 65_535 - i,
    }));
    expect(await dotOfEdges(usualBatches(sample))).toBe(toDot(linesOf(sample)).dot);
  });

  test("has room for the longest rows", async () => {
    const [row] = usual(1);
    if (row === undefined) throw new Error("no row");
    let state = 1;
    // Hardly any two are the same, and these bytes have the longest codes.
    const name = () =>
      Array.from(
        { length: 256 },
        () => "\\\\\\#$&'()*,/;?~}^w"[(state = (state * 48_271) % 2_147_483_647) % 17],
      ).join("");
    const sample = Array.from({ length: 1500 }, (_, i) => ({
      ...row,
      account: name(),
      interface: name(),
      source: `ffff:ffff:ffff:ffff:ffff:ffff:255.255.2${10 + (i % 40)}.255`,
      destination: `ffff:ffff:ffff:ffff:ffff:${(i + 0xa000).toString(16)}:255.255.255.255`,
      packets: 2n ** 63n - 1n - BigInt(i),
      bytes: 2n ** 63n - 1n - BigInt(i * i),
    }));
    expect((await dotOfEdges(usualBatches(sample))) === toDot(linesOf(sample)).dot).toBe(true);
  });

  test("of rows that look alike where it looks for the same, but aren't", async () => {
    const base = usual(2);
    const texts = ["1.1.1.1", "11.1.1.1", "1.1.1.11", "111.1.1.1"];
    const of = fc.record({
      row: fc.constantFrom(...base),
      source: fc.constantFrom(...texts),
      destination: fc.constantFrom(...texts),
      account: fc.constantFrom("1", "11", "111", "=", "\\n"),
      interface: fc.constantFrom("1", "11", "\\neniID=1", "\\"),
      port: fc.constantFrom(1, 11, 111, 1111, 11_111),
      protocol: fc.constantFrom(1, 11, 111),
      count: fc.constantFrom(1n, 11n, 111n, 1111n, 111_111_111n, 11_111_111_111_111_111n),
      action: fc.constantFrom(ACCEPT, REJECT),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(of, { maxLength: 300 }), async (all) => {
        const sample = all.map(({ row, port, count, ...rest }) => ({
          ...row,
          ...rest,
          sourcePort: port,
          destinationPort: 111,
          packets: count,
          bytes: count,
          start: count,
        }));
        expect(await dotOfEdges(usualBatches(sample))).toBe(toDot(linesOf(sample)).dot);
      }),
    );
  });
});

describe("graphs at once", () => {
  test("don't know of each other, nor of one that was given up", async () => {
    const [one, two] = [usual(20_000, 1), usual(20_000, 2)];
    const alone = [await gzipOfEdges(usualBatches(one)), await gzipOfEdges(usualBatches(two))];
    const together = await Promise.all([
      gzipOfEdges(usualBatches(one, 700)),
      gzipOfEdges(usualBatches(two, 900)),
    ]);
    for await (const block of edgesToGzip(newStats())(usualBatches(two))) {
      // Its header, with others to come.
      expect(block.length).toBe(10);
      break;
    }
    const error = new Error("cut off");
    async function* cut(): AsyncGenerator<EdgeBatch> {
      yield* usualBatches(one.slice(0, 5000));
      throw error;
    }
    await expect(gzipOfEdges(cut())).rejects.toBe(error);
    const afterwards = [await gzipOfEdges(usualBatches(one)), await gzipOfEdges(usualBatches(two))];
    for (const both of [together, afterwards]) {
      expect(both.map((gzip, i) => gzip.equals(alone[i] ?? Buffer.alloc(0)))).toEqual([true, true]);
    }
  });
});
