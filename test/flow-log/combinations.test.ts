import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Combinations, NO_VALUES } from "../../src/flow-log/combinations.js";
import { FURTHER_FIELDS } from "../../src/flow-log/further-fields.js";

const FIELDS = FURTHER_FIELDS.length;
const combination = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: FIELDS, maxLength: FIELDS });

function valuesOf(combinations: Combinations, number: number): number[] {
  return FURTHER_FIELDS.map((_, field) => combinations.valueOf(number, field) + 1);
}

test("what records agree on is what all have, in whichever order they come", () => {
  fc.assert(
    fc.property(fc.array(combination, { minLength: 1, maxLength: 6 }), (all) => {
      const combinations = new Combinations();
      const agree = (some: number[][]) =>
        some
          .map((words) => combinations.intern(Int32Array.from(words)))
          .reduce((one, other) => combinations.agreed(one, other));
      const agreed = agree(all);
      const [first = []] = all;
      expect(valuesOf(combinations, agreed)).toEqual(
        first.map((word, field) => (all.every((words) => words[field] === word) ? word : 0)),
      );
      expect(agree(all.toReversed())).toBe(agreed);
      expect(agree([...all, ...all])).toBe(agreed);
    }),
  );
});

test("a combination has one number, however many there are, and that without values none of its own", () => {
  const combinations = new Combinations();
  const words = Array.from({ length: 20_000 }, (_, n) => {
    return Int32Array.from(FURTHER_FIELDS, (__, field) => (field < 3 ? (n >> (5 * field)) & 31 : 0));
  });
  const distinct = new Set(words.map((each) => each.join()));
  const numbers = words.map((each) => combinations.intern(each));
  expect(new Set(numbers).size).toBe(distinct.size);
  expect(combinations.size).toBe(distinct.size);
  expect(words.map((each) => combinations.intern(each))).toEqual(numbers);
  expect(numbers[0]).toBe(NO_VALUES);
  for (const [n, each] of words.entries()) {
    if (n % 1000 === 7) expect(valuesOf(combinations, numbers[n] ?? 0)).toEqual([...each]);
  }
});
