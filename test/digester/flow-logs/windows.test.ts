import * as fc from "fast-check";
import { expect, test } from "vitest";
import { TimeWindow } from "../../../src/window.js";
import { SAMPLE_WINDOW } from "../../make-sample-flow-logs.js";
import { digest } from "./digesting.js";

const MINUTE_MS = 60_000;
const START = Date.parse(SAMPLE_WINDOW.start);
const MINUTES = (Date.parse(SAMPLE_WINDOW.stop) - START) / MINUTE_MS;

/** Packets and bytes for each key, of all digests together. Start and end are no part of a key. */
function sums(digests: readonly { lines: readonly string[] }[]): Map<string, [bigint, bigint]> {
  const totals = new Map<string, [bigint, bigint]>();
  for (const line of digests.flatMap(({ lines }) => lines)) {
    const fields = line.split(" ");
    const key = [...fields.slice(0, 8), ...fields.slice(12)].join(" ");
    const [packets, bytes] = totals.get(key) ?? [0n, 0n];
    totals.set(key, [packets + BigInt(fields[8] ?? ""), bytes + BigInt(fields[9] ?? "")]);
  }
  return totals;
}

async function between(from: number, to: number): Promise<{ lines: string[] }> {
  const [start, stop] = [from, to].map((minute) => new Date(START + minute * MINUTE_MS).toISOString());
  return digest("test/fixtures/flow-logs", TimeWindow.parse(start, stop));
}

test("however a window is split, its parts add up to the whole, for each key", async () => {
  const whole = sums([await between(0, MINUTES)]);
  expect(whole.size).toBeGreaterThan(100);
  const splits = fc.uniqueArray(fc.integer({ min: 1, max: MINUTES - 1 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(splits, async (minutes) => {
      const at = [0, ...minutes.toSorted((a, b) => a - b), MINUTES];
      const parts = at.slice(1).map(async (to, index) => between(at[index] ?? 0, to));
      expect(sums(await Promise.all(parts))).toEqual(whole);
    }),
    { numRuns: 15 },
  );
});
