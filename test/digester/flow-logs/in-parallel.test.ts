import { setTimeout as forever } from "node:timers/promises";
import { expect, test } from "vitest";
import { inParallel } from "../../../src/digester/flow-logs/in-parallel.js";

const NEVER = new AbortController().signal;

test("a few at a time, and the results in the order of the items", async () => {
  let running = 0;
  let most = 0;
  const results = await inParallel([5, 1, 4, 2, 3, 0], 3, NEVER, async (turns) => {
    most = Math.max(most, ++running);
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
    running--;
    return `${turns} turns`;
  });
  expect(results).toEqual([5, 1, 4, 2, 3, 0].map((turns) => `${turns} turns`));
  expect(most).toBe(3);
});

test("the first failure aborts the others, begins no more, and is thrown when all have ended", async () => {
  const first = new Error("first");
  const begun: number[] = [];
  const ended: number[] = [];
  const failed = inParallel([0, 1, 2, 3], 3, NEVER, async (item, signal) => {
    begun.push(item);
    try {
      await new Promise(setImmediate);
      if (item === 1) throw first;
      await forever(60_000, undefined, { signal });
    } finally {
      ended.push(item);
    }
  });
  await expect(failed).rejects.toBe(first);
  expect(begun).toEqual([0, 1, 2]);
  expect(ended.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
});

test("an abort from outside ends it with its reason", async () => {
  const reason = new Error("stopping");
  await expect(inParallel([1], 1, AbortSignal.abort(reason), async () => 1)).rejects.toBe(reason);
});
