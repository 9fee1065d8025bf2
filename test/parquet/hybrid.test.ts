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
      // Cut, it is noticed. A group of eight takes as many bytes as a value has bits, and some may be padding.
      if (values.length > 0) {
        expect(readHybrid(bytes, 1, end - width, read, values.length, width)).toBe(false);
      }
    }),
  );
});

test("a long run takes a few bytes", () => {
  const bytes = Buffer.alloc(maxHybridBytes(100_000, 1));
  expect(putHybrid(bytes, 0, new Uint8Array(100_000).fill(1), 100_000, 1)).toBeLessThan(6);
});

/** A number as Parquet's headers have it. */
function varInt(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varInt(Math.floor(value / 128))];
}

test.each([
  ["repeated", varInt(2 ** 31)],
  ["packed", varInt(2 ** 28 + 1)],
  ["one too many repeated", varInt(2 * 101)],
  ["negative", [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ["no", [0]],
])("a run of %s values is noticed", (_, header) => {
  for (const width of [0, 1, 20]) {
    const bytes = Uint8Array.from([...header, ...Array<number>(20).fill(1)]);
    expect(readHybrid(bytes, 0, bytes.length, new Uint8Array(100), 100, width)).toBe(false);
  }
});

test("the padding of packed values may fill 63 groups, or be cut off", () => {
  const values = new Uint8Array(3);
  expect(readHybrid(Uint8Array.from([2 * 63 + 1, 0b101]), 0, 2, values, 3, 1)).toBe(true);
  expect([...values]).toEqual([1, 0, 1]);
});
