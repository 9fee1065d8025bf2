import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addInt64,
  bigInt64At,
  int64At,
  MAX_INT64,
  newInt64s,
  readInt64,
  setBigInt64,
  setInt64,
  writeInt64,
} from "../../src/edges/int64.js";
import { viewOf } from "../../src/flow-log/data-view.js";

const int64 = fc.oneof(
  fc.bigInt({ min: 0n, max: MAX_INT64 }),
  fc.bigInt({ min: 0n, max: 2n ** 54n }),
  fc.constantFrom(0n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, MAX_INT64),
);

function columnOf(...values: bigint[]) {
  const column = newInt64s(values.length);
  for (const [row, value] of values.entries()) setBigInt64(column, row, value);
  return column;
}

test("a number below 2^53 is set and got as a double", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const column = newInt64s(2);
      setInt64(column, 1, value);
      expect(int64At(column, 1)).toBe(value);
      expect(bigInt64At(column, 1)).toBe(BigInt(value));
    }),
  );
});

test("any number is set, got, and laid out as in a BigInt64Array", () => {
  fc.assert(
    fc.property(fc.array(int64), (values) => {
      const column = columnOf(...values);
      expect(values.map((_, row) => bigInt64At(column, row))).toEqual(values);
      expect(Array.from(new BigInt64Array(column.buffer))).toEqual(values);
    }),
  );
});

test("sums are exact, and say when they are too large", () => {
  fc.assert(
    fc.property(int64, int64, (a, b) => {
      const sum = columnOf(0n, a);
      expect(addInt64(sum, 1, columnOf(b), 0)).toBe(a + b <= MAX_INT64);
      expect(bigInt64At(sum, 1)).toBe(BigInt.asUintN(64, a + b));
    }),
  );
});

describe("as text", () => {
  test("it is written and read back", () => {
    fc.assert(
      fc.property(int64, (value) => {
        const bytes = Buffer.alloc(40);
        const end = writeInt64(bytes, 2, columnOf(value), 0);
        expect(bytes.toString("latin1", 2, end)).toBe(String(value));
        const column = newInt64s(1);
        expect(readInt64(column, 0, viewOf(bytes), 2, end)).toBe(true);
        expect(bigInt64At(column, 0)).toBe(value);
      }),
    );
  });

  test.for(["", "-", "-1", "01", "1x", "123456789012345678x", "9223372036854775808", "10000000000000000000"])(
    "%j is none",
    (text) => {
      expect(readInt64(newInt64s(1), 0, viewOf(Buffer.from(text)), 0, text.length)).toBe(false);
    },
  );
});
