import { execFileSync } from "node:child_process";
import { gunzipSync, inflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BlockPool } from "../../src/graph/block-pool.js";
import { GZIP_BLOCK_BYTES, gzip } from "../../src/graph/gzip.js";
import { newStats } from "../../src/graph/stats.js";

/** Bytes that compress neither away nor not at all. */
function sample(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0, seed = 1; i < length; i++) {
    seed = (seed * 16_807) % 2_147_483_647;
    bytes[i] = 0x30 + (seed % 10);
  }
  return bytes;
}

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function compressed(source: AsyncIterable<Buffer>, stats = newStats()): Promise<Buffer> {
  const chunks = [];
  for await (const chunk of gzip(stats)(source)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("what it gives", () => {
  const block = GZIP_BLOCK_BYTES;

  test.for([0, 1, block - 1, block, block + 1, 2 * block, 9 * block + 12_345])(
    "%i bytes: one member",
    async (length) => {
      const bytes = sample(length);
      const stats = newStats();
      const result = await compressed(chunksOf(bytes, 100_000), stats);
      expect(gunzipSync(result).equals(bytes)).toBe(true);
      expect(stats.gzipBytes).toBe(result.length);
      // One deflate stream from header to trailer: inflating it leaves nothing over.
      expect(inflateRawSync(result.subarray(10, -8)).equals(bytes)).toBe(true);
      execFileSync("gzip", ["-t"], { input: result });
    },
  );

  test("depends on the bytes only, not on how they are cut", async () => {
    const bytes = sample(3 * block + 1);
    const whole = await compressed(chunksOf(bytes, bytes.length));
    const size = fc.integer({ min: 1000, max: 2 * block });
    await fc.assert(
      fc.asyncProperty(size, async (size) => {
        expect((await compressed(chunksOf(bytes, size))).equals(whole)).toBe(true);
      }),
      { numRuns: 10 },
    );
  });
});

test("gives blocks back once they are compressed, and no sooner", async () => {
  const pool = new BlockPool();
  const taken = new Set<ArrayBufferLike>();
  const expected = Buffer.concat(Array.from({ length: 60 }, (_, i) => Buffer.alloc(GZIP_BLOCK_BYTES, i)));
  async function* source(): AsyncGenerator<Buffer> {
    for (let i = 0; i < 60; i++) {
      const block = pool.take().subarray(0, GZIP_BLOCK_BYTES);
      taken.add(block.buffer);
      yield block.fill(i);
    }
    yield pool.take().subarray(0, 1).fill(60);
  }
  const chunks = [];
  for await (const chunk of gzip(newStats(), { pool })(source())) chunks.push(chunk);
  expect(gunzipSync(Buffer.concat(chunks)).equals(Buffer.concat([expected, Buffer.of(60)]))).toBe(true);
  expect(taken.size).toBeLessThanOrEqual(17);
});

test("asks for no more than a few blocks before the reader takes one", async () => {
  const bytes = sample(GZIP_BLOCK_BYTES);
  let asked = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      asked++;
      yield bytes;
    }
  }
  let taken = 0;
  for await (const chunk of gzip(newStats())(endless())) {
    expect(chunk.length).toBeGreaterThan(0);
    taken++;
    expect(asked - taken).toBeLessThanOrEqual(16);
    if (taken === 20) break;
  }
});

test("passes on an error of the source, with blocks still in flight", async () => {
  const error = new Error("cut off");
  async function* cut(): AsyncGenerator<Buffer> {
    yield* chunksOf(sample(3 * GZIP_BLOCK_BYTES), 10_000);
    throw error;
  }
  await expect(compressed(cut())).rejects.toBe(error);
});
