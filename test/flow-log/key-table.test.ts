import { afterEach, expect, test, vi } from "vitest";
import { CorruptInputError } from "../../src/errors.js";
import { Combinations, NO_VALUES } from "../../src/flow-log/combinations.js";
import type { KeyTable } from "../../src/flow-log/key-table.js";
import { FLOWS, ROW_WORDS } from "../../src/flow-log/sum-row.js";
import { SumsKernel } from "../../src/flow-log/sums-kernel.js";
import { read } from "./reading.js";

afterEach(() => vi.resetModules());

type Key = [number, number, number, number, number, number];

/** Multiplications and shifts without a secret, as a hash whose colliding keys can be computed. */
function knownHash([account, networkInterface, source, destination, ports, kind]: Key): number {
  let hash = Math.imul(account ^ Math.imul(networkInterface, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul((hash ^ (hash >>> 15)) + source, 0xc2b2ae35);
  hash = Math.imul((hash ^ (hash >>> 13)) + destination, 0x27d4eb2f);
  hash = Math.imul((hash ^ (hash >>> 15)) + ports, 0x165667b1);
  hash = Math.imul((hash ^ (hash >>> 13)) + kind, 0x9e3779b1);
  return hash ^ (hash >>> 15);
}

/** Keys that all have one known hash: for each source there is a destination that leads to the same state. */
function craftedKeys(count: number): Key[] {
  return Array.from({ length: count }, (_, source) => {
    const hash = Math.imul(source, 0xc2b2ae35);
    return [0, 0, source, (0x12345678 - (hash ^ (hash >>> 13))) >>> 0, 443, 6];
  });
}

/** The row of one record with this key. */
function rowOf(key: Key): Uint32Array {
  const words = new Uint32Array(ROW_WORDS);
  words.set(key);
  return words;
}

function add(table: KeyTable, key: Key): number {
  return table.add(rowOf(key), 0, NO_VALUES);
}

test("keys prepared to collide don't: they have slots of their own", () => {
  const keys = craftedKeys(60_000);
  expect(new Set(keys.map(knownHash)).size).toBe(1);
  // As throwing balls into as many bins: 63 % of these are hit, and none often. A billion draws wouldn't show 40 % or 20.
  const kernel = SumsKernel.take(new Combinations());
  const bins = new Map<number, number>();
  for (const key of keys) {
    const slot = kernel.hashOf(rowOf(key)) & 0xffff;
    bins.set(slot, (bins.get(slot) ?? 0) + 1);
  }
  expect(bins.size).toBeGreaterThan(0.4 * 60_000);
  expect(Math.max(...bins.values())).toBeLessThan(20);
  kernel.giveBack();
});

function newTable(): KeyTable {
  const [table] = SumsKernel.take(new Combinations()).decided;
  if (table === undefined) throw new Error("expected a table");
  return table;
}

test("a key has one row, whatever else is in the table, and rows keep their order", () => {
  const keys = craftedKeys(5000);
  const table = newTable();
  expect(keys.map((key) => add(table, key))).toEqual(keys.map((_, row) => row));
  expect(keys.map((key) => add(table, key))).toEqual(keys.map((_, row) => row));
  const words = table.chunks.flatMap(({ words: rows }) => Array.from(rows));
  expect(keys.every((key, row) => key.every((word, at) => words[ROW_WORDS * row + at] === word))).toBe(true);
});

test("the lines of a digest have the same order in any process, though slots differ", async () => {
  const log = Array.from(
    { length: 3000 },
    (_, i) =>
      `2 1 eni-${i % 7} 10.0.${i % 50}.${i % 200} 10.1.0.${i % 31} ${32768 + i} 443 6 1 40 1418530010 1418530070 ACCEPT OK\n`,
  ).join("");
  const here = read([log], undefined, undefined, undefined, undefined, "as written");
  const key: Key = [1, 2, 3, 4, 5, 6];
  vi.resetModules();
  const other = await import("./reading.js");
  const { SumsKernel: Other } = await import("../../src/flow-log/sums-kernel.js");
  const hashes = [SumsKernel, Other].map((kernel) => kernel.take(new Combinations()).hashOf(rowOf(key)));
  expect(new Set(hashes).size).toBe(2);
  expect(other.read([log], undefined, undefined, undefined, undefined, "as written").lines).toEqual(
    here.lines,
  );
});

test("records that a word can't count are an error, not a small number", () => {
  const table = newTable();
  const words = rowOf([1, 2, 3, 4, 443, 6]);
  words[FLOWS] = 2 ** 32 - 2;
  table.add(words, 0, NO_VALUES);
  words[FLOWS] = 1;
  table.add(words, 0, NO_VALUES);
  expect(table.chunks[0]?.words[FLOWS]).toBe(2 ** 32 - 1);
  expect(() => table.add(words, 0, NO_VALUES)).toThrow(CorruptInputError);
});
