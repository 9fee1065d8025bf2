import * as fc from "fast-check";
import { expect, test } from "vitest";
import { UNKNOWN } from "../../src/flow-log/codes.js";
import { viewOf } from "../../src/flow-log/data-view.js";
import { Combinations } from "../../src/flow-log/combinations.js";
import { KnownTexts } from "../../src/flow-log/known-texts.js";
import { ADDRESSES, INTERFACES } from "../../src/flow-log/line-kernel.js";
import { SumsKernel } from "../../src/flow-log/sums-kernel.js";

/** As a dictionary has them: each behind four bytes. */
function spansOf(texts: readonly string[]) {
  const bytes = Buffer.concat(texts.flatMap((text) => [Buffer.alloc(4), Buffer.from(text, "latin1")]));
  const ends = Uint32Array.from(texts.keys());
  let end = 0;
  for (const [index, text] of texts.entries()) ends[index] = end += 4 + text.length;
  const starts = ends.map((last, index) => last - (texts[index]?.length ?? 0));
  return { view: viewOf(bytes), starts, ends, length: texts.length };
}

test("the numbers of texts that were told are found, and of no others", () => {
  const texts = fc.array(
    fc.string({ maxLength: 12 }).map((text) => text.repeat(5).slice(0, 60)),
    { minLength: 1 },
  );
  const kernel = SumsKernel.take(new Combinations()).lines;
  fc.assert(
    fc.property(texts, fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }), (all, told) => {
      const spans = spansOf(all.map((text) => Buffer.from(text).toString("latin1")));
      const known = new KnownTexts(kernel, ADDRESSES);
      const expected = new Map<string, number>();
      for (const [index, text] of all.entries()) {
        const [from = 0, to = 0] = [spans.starts[index], spans.ends[index]];
        if (told[index % told.length] === false) continue;
        known.tell(spans.view, from, to, index);
        if (to > from && to - from <= 48) expected.set(text, index);
      }
      const numbers = all.map((text) => expected.get(text) ?? UNKNOWN);
      expect([...known.find(spans, 0)]).toEqual(numbers);
      expect([...known.find(spans, all.length - 1)]).toEqual(numbers.slice(-1));
      expect(new Set(new KnownTexts(kernel, INTERFACES).find(spans, 0))).toEqual(new Set([UNKNOWN]));
      kernel.forget();
    }),
  );
});

test("many texts are found in several goes, and one that is too long is passed over", () => {
  const kernel = SumsKernel.take(new Combinations()).lines;
  const known = new KnownTexts(kernel, ADDRESSES);
  const spans = spansOf([
    "x".repeat(70_000),
    ...Array.from({ length: 10_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`),
    ...Array.from({ length: 9 }, () => "y".repeat(30_000)),
  ]);
  const numbers: number[] = [];
  const findAll = () => {
    numbers.length = 0;
    while (numbers.length < spans.length) numbers.push(...known.find(spans, numbers.length));
  };
  findAll();
  expect(new Set(numbers)).toEqual(new Set([UNKNOWN]));
  for (let index = 0; index < spans.length; index++) {
    known.tell(spans.view, spans.starts[index] ?? 0, spans.ends[index] ?? 0, index);
  }
  findAll();
  const places = Array.from({ length: 10_000 }, (_, index) => index + 1);
  expect(numbers).toEqual([UNKNOWN, ...places, ...Array.from({ length: 9 }, () => UNKNOWN)]);
});
