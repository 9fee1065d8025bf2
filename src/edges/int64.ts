import { writeDecimal } from "../flow-log/decimal.js";

/**
 * Whole numbers from 0 to 2^63-1, exact: of row n the low 32 bits at 2n, the high ones at 2n + 1. On a little-endian
 * machine, where alone Parquet is read and written here, its bytes are those of Parquet's INT64 and of a BigInt64Array.
 */
export type Int64s = Uint32Array;

export const MAX_INT64 = 2n ** 63n - 1n;

const WORD = 2 ** 32;
/** High words below this make a number below 2^53, which a double holds exactly. */
const SAFE_HIGH = 2 ** 21;
/** So many digits are below 2^53, whatever they are. */
const SAFE_DIGITS = 15;

export function newInt64s(rows: number): Int64s {
  return new Uint32Array(2 * rows);
}

/** @param value whole, below 2^53 */
export function setInt64(column: Int64s, row: number, value: number): void {
  column[2 * row] = value;
  column[2 * row + 1] = value / WORD;
}

export function setBigInt64(column: Int64s, row: number, value: bigint): void {
  column[2 * row] = Number(value & 0xffff_ffffn);
  column[2 * row + 1] = Number(value >> 32n);
}

/** The number, to the nearest double: exact below 2^53. */
export function int64At(column: Int64s, row: number): number {
  return (column[2 * row + 1] ?? 0) * WORD + (column[2 * row] ?? 0);
}

export function bigInt64At(column: Int64s, row: number): bigint {
  return (BigInt(column[2 * row + 1] ?? 0) << 32n) | BigInt(column[2 * row] ?? 0);
}

/**
 * Adds the number in a row of `from` to that in a row of `to`. False when the sum is beyond 2^63-1: the row then holds
 * what is left of it.
 */
export function addInt64(to: Int64s, row: number, from: Int64s, fromRow: number): boolean {
  // Two words below 2^31 and 1 are below 2^32: all of it is arithmetic of words.
  const added = from[2 * fromRow] ?? 0;
  const low = ((to[2 * row] ?? 0) + added) >>> 0;
  const carry = low < added ? 1 : 0;
  const high = ((to[2 * row + 1] ?? 0) + (from[2 * fromRow + 1] ?? 0) + carry) >>> 0;
  to[2 * row] = low;
  to[2 * row + 1] = high;
  return high < WORD / 2;
}

/** Writes the number as decimal text at `at` and returns the place after its last digit. At most 19 bytes. */
export function writeInt64(bytes: Buffer, at: number, column: Int64s, row: number): number {
  const high = column[2 * row + 1] ?? 0;
  if (high < SAFE_HIGH) return writeDecimal(bytes, at, high * WORD + (column[2 * row] ?? 0));
  return at + bytes.write(String(bigInt64At(column, row)), at, "latin1");
}

/**
 * Reads decimal digits without leading zeros into a row. False when the bytes are anything else, or a number beyond
 * 2^63-1.
 */
export function readInt64(column: Int64s, row: number, view: DataView, from: number, to: number): boolean {
  if (to - from < 1 || to - from > 19 || (to - from > 1 && view.getUint8(from) === 0x30)) return false;
  let value = 0;
  const safeTo = Math.min(to, from + SAFE_DIGITS);
  for (let at = from; at < safeTo; at++) {
    const digit = view.getUint8(at) - 0x30;
    if (digit < 0 || digit > 9) return false;
    value = value * 10 + digit;
  }
  if (safeTo === to) {
    setInt64(column, row, value);
    return true;
  }
  let whole = BigInt(value);
  for (let at = safeTo; at < to; at++) {
    const digit = view.getUint8(at) - 0x30;
    if (digit < 0 || digit > 9) return false;
    whole = whole * 10n + BigInt(digit);
  }
  if (whole > MAX_INT64) return false;
  setBigInt64(column, row, whole);
  return true;
}
