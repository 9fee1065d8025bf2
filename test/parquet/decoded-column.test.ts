import * as fc from "fast-check";
import { expect, test } from "vitest";
import { NONE, ODD } from "../../src/flow-log/codes.js";
import { ColumnMemory } from "../../src/parquet/column-memory.js";
import { DecodedColumn } from "../../src/parquet/decoded-column.js";
import { maxHybridBytes, putHybrid, readHybrid } from "../../src/parquet/hybrid.js";

const MAX_ROWS = 50;
const memory = new ColumnMemory();

/** Whether rows have a value, in runs of all lengths. */
const levels = fc
  .array(fc.record({ value: fc.constantFrom(0, 1), length: fc.integer({ min: 1, max: 40 }) }), {
    minLength: 1,
    maxLength: 30,
  })
  .map((runs) => Uint8Array.from(runs.flatMap(({ value, length }) => Array<number>(length).fill(value))));

/** How many rows are taken at a time. */
const steps = fc.infiniteStream(fc.integer({ min: 1, max: MAX_ROWS }));

function hybridOf(values: Uint8Array | Uint32Array, width: number): Uint8Array {
  const bytes = new Uint8Array(maxHybridBytes(values.length, width));
  return bytes.subarray(0, putHybrid(bytes, 0, values, values.length, width));
}

/** What `take` gives of a page. */
function taken(
  column: DecodedColumn,
  rows: number,
  sizes: Iterator<number>,
): [codes: number[], places: number[]] {
  const [codes, places]: [number[], number[]] = [[], []];
  const block = new Float64Array(MAX_ROWS);
  while (codes.length < rows) {
    const size = Math.min(rows - codes.length, sizes.next().value);
    column.take(size, block);
    codes.push(...block.subarray(0, size));
    for (let row = 0; row < size; row++) places.push(column.placeAt(row));
  }
  return [codes, places];
}

/** What each row should have: of those with a value the next of some, else what null has. */
function spread<T>(present: Uint8Array, values: readonly T[], none: T): (T | undefined)[] {
  let next = 0;
  return Array.from(present, (level) => (level === 1 ? values[next++] : none));
}

test("rows have the codes of their indices, by their levels", () => {
  const column = new DecodedColumn(memory, MAX_ROWS);
  const input = fc.record({
    present: levels,
    width: fc.integer({ min: 0, max: 12 }),
    seed: fc.array(fc.nat(), { minLength: 1, maxLength: 20 }),
    repeats: fc.integer({ min: 1, max: 20 }),
    steps,
  });
  fc.assert(
    fc.property(input, ({ present, width, seed, repeats, steps: sizes }) => {
      const count = present.reduce((sum, level) => sum + level, 0);
      const size = 2 ** width;
      const indices = Uint32Array.from(
        { length: count },
        (_, i) => (seed[Math.floor(i / repeats) % seed.length] ?? 0) % size,
      );
      expect(column.beginPage(present.length, hybridOf(present, 1))).toBe(count);
      const bytes = hybridOf(indices, width);
      column.putIndices(bytes, width, count);
      column.fillCodes(size, -3);
      for (let place = 0; place <= size; place++) column.setCode(place, 1000 + place);
      column.takeCodes(size, true);
      const read = new Uint32Array(count);
      expect(readHybrid(bytes, 0, bytes.length, read, count, width)).toBe(true);
      const places = spread(present, [...read], size);
      expect(taken(column, present.length, sizes)).toEqual([places.map((place = 0) => 1000 + place), places]);
    }),
  );
});

test.each([4, 8] as const)("integers of %i bytes are their own codes, in a page or a dictionary", (each) => {
  const column = new DecodedColumn(memory, MAX_ROWS);
  const limit = each === 4 ? 2n ** 31n : 2n ** 63n;
  const integer = fc.oneof(
    fc.bigInt({ min: -limit, max: limit - 1n }),
    fc.bigInt({ min: -2n, max: 70_000n }),
    fc.constantFrom(...(each === 4 ? [0n] : [10n ** 15n - 1n, 10n ** 15n])),
  );
  const input = fc.record({
    present: levels,
    seed: fc.array(integer, { minLength: 1, maxLength: 20 }),
    steps,
  });
  fc.assert(
    fc.property(input, ({ present, seed, steps: sizes }) => {
      const rows = present.length;
      const count = present.reduce((sum, level) => sum + level, 0);
      const values = Array.from({ length: count }, (_, i) => seed[i % seed.length] ?? 0n);
      const bytes = Buffer.alloc(each * count);
      for (const [i, value] of values.entries()) {
        if (each === 4) bytes.writeInt32LE(Number(value), 4 * i);
        else bytes.writeBigInt64LE(value, 8 * i);
      }
      const codes = values.map((value) => (value < 0n || value >= 10n ** 15n ? ODD : Number(value)));
      const all = hybridOf(present, 1);
      const expected = [spread(present, codes, NONE), spread(present, [...values.keys()], count)];
      column.beginPage(rows, all);
      column.takeIntegers(bytes, each);
      expect(taken(column, rows, sizes)).toEqual(expected);
      column.beginPage(rows, all);
      column.convertCodes(bytes, each);
      column.takeCodes(count, false);
      expect(taken(column, rows, sizes)).toEqual(expected);
    }),
  );
});

test("levels that say too much or too little are noticed", () => {
  const column = new DecodedColumn(memory, MAX_ROWS);
  const rows = 20;
  for (const bytes of [[], [2 * 21, 1], [2 * 20, 2], [2 * 19, 1], [2 * 10 + 1], [0]]) {
    expect(() => column.beginPage(rows, Uint8Array.from(bytes))).toThrow("levels that aren't 20");
  }
});
