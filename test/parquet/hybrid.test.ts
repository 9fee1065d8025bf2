import * as fc from "fast-check";
import { expect, test } from "vitest";
import { maxHybridBytes, putHybrid, readHybrid } from "../../src/parquet/hybrid.js";

/** Runs of all lengths, of values of a width. */
const input = fc.integer({ min: 1, max: 24 }).chain((width) =>
  fc.record({
    width: fc.constant(width),
    runs: fc.array(
      fc.record({
        value: fc.oneof(fc.constantFrom(0, 2 ** width - 1), fc.integer({ min: 0, max: 2 ** width - 1 })),
        length: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40 })),
      }),
      { maxLength: 60 },
    ),
  }),
);

test("values are read back, from as many bytes as were said at most", () => {
  fc.assert(
    fc.property(input, ({ width, runs }) => {
      const values = Uint32Array.from(runs.flatMap(({ value, length }) => Array<number>(length).fill(value)));
      const bytes = Buffer.alloc(maxHybridBytes(values.length, width) + 1, 0xff);
      const end = putHybrid(bytes, 1, values, values.length, width);
      expect(end).toBeLessThanOrEqual(bytes.length);
      const read = new Uint32Array(values.length);
      expect(readHybrid(bytes, 1, end, read, values.length, width)).toBe(true);
      expect(read).toEqual(values);
      // Cut, it is noticed.
      if (values.length > 0) {
        expect(readHybrid(bytes, 1, end - 1, read, values.length, width)).toBe(false);
      }
    }),
  );
});

test("a long run takes a few bytes", () => {
  const bytes = Buffer.alloc(maxHybridBytes(100_000, 1));
  expect(putHybrid(bytes, 0, new Uint8Array(100_000).fill(1), 100_000, 1)).toBeLessThan(6);
});
