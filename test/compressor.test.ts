import { constants, createGzip, gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Compressor, type CompressorOptions } from "../src/compressor.js";

const OPTIONS = { level: 1, flush: constants.Z_FINISH, chunkSize: 16 * 1024 };
const LARGE = Array.from({ length: 20 }, (_, i) => Buffer.from(`${i} `.repeat(64 * 1024 + i ** 4)));

test("blocks come out each as if it were the first", async () => {
  const compressor = new Compressor(createGzip, OPTIONS);
  const bytes = await Promise.all(LARGE.map((block) => compressor.compress(block)));
  for (const [i, block] of LARGE.entries()) {
    expect(bytes[i]?.equals(gzipSync(block, { level: 1 })), `block ${i}`).toBe(true);
  }
});

test("what came before a block, however small, is not to be seen in its bytes", async () => {
  const compressor = new Compressor(createGzip, OPTIONS);
  const digits = fc.array(fc.integer({ min: 0x30, max: 0x33 }), { minLength: 1, maxLength: 300 });
  // About and above where streams are used again.
  const times = fc.constantFrom(1, 100, 440, 900, 2000);
  await fc.assert(
    fc.asyncProperty(digits, times, async (digits, times) => {
      const block = Buffer.concat(Array.from({ length: times }, () => Buffer.from(digits)));
      expect((await compressor.compress(block)).equals(gzipSync(block, { level: 1 }))).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("many at once leave a thread of the pool to others, and share few streams", async () => {
  let created = 0;
  const create = (options: CompressorOptions) => {
    created++;
    return createGzip(options);
  };
  const compressor = new Compressor(create, OPTIONS);
  await Promise.all(LARGE.map((block) => compressor.compress(block)));
  expect(created).toBeLessThanOrEqual(3);
});

test("a stream that fails is not used again", async () => {
  let created = 0;
  const create = (options: CompressorOptions) => {
    const stream = createGzip(options);
    return created++ === 0 ? stream.destroy() : stream;
  };
  const compressor = new Compressor(create, OPTIONS);
  const [block = Buffer.alloc(0)] = LARGE;
  await expect(compressor.compress(block)).rejects.toThrow("destroyed");
  expect((await compressor.compress(block)).equals(gzipSync(block, { level: 1 }))).toBe(true);
  expect(created).toBe(2);
});
