import type { Int64s } from "../edges/int64.js";
import type { SumColumns } from "./sums.js";

/** Exact sums. */
export interface Totals {
  readonly bytes: bigint;
  readonly packets: bigint;
  /** Undefined where the graph can't tell. */
  readonly flows: bigint | undefined;
}

const WORD = 2n ** 32n;
/** So many numbers below 2^32 add up to less than 2^53. */
const SAFE_ROWS = 2 ** 20;

/** The exact sum of the first rows of a column; where there is a mask, of those that it has 1 for. */
function sumOf(column: Int64s, rows: number, mask: Uint8Array | undefined): bigint {
  let sum = 0n;
  for (let at = 0; at < rows; at += SAFE_ROWS) {
    let low = 0;
    let high = 0;
    for (let row = at; row < Math.min(at + SAFE_ROWS, rows); row++) {
      if (mask !== undefined && mask[row] !== 1) continue;
      low += column[2 * row] ?? 0;
      high += column[2 * row + 1] ?? 0;
    }
    sum += BigInt(high) * WORD + BigInt(low);
  }
  return sum;
}

export function totalsOf({ bytes, packets, flows }: SumColumns, rows: number, mask?: Uint8Array): Totals {
  return {
    bytes: sumOf(bytes, rows, mask),
    packets: sumOf(packets, rows, mask),
    flows: flows && sumOf(flows, rows, mask),
  };
}

export function addTotals(a: Totals, b: Totals): Totals {
  return {
    bytes: a.bytes + b.bytes,
    packets: a.packets + b.packets,
    flows: a.flows === undefined || b.flows === undefined ? undefined : a.flows + b.flows,
  };
}

export const NO_TOTALS: Totals = { bytes: 0n, packets: 0n, flows: 0n };
