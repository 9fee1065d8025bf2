import type { ByteTable } from "../flow-log/byte-table.js";
import { ParquetError, type ColumnData } from "../parquet/read-chunk.js";
import type { Int64s } from "./int64.js";
import { NONE } from "./table.js";

const WORD = 2 ** 32;
const LENGTH_BYTES = 4;
const INT32_BYTES = 4;
const INT64_BYTES = 8;

/** Texts, as numbers into a table; `NONE` for null. */
export function numbersOf(column: ColumnData, table: ByteTable): Int32Array {
  const numbers = valuesOfTexts(column, (dictionary, from, to) => {
    const number = table.intern(dictionary, from, to);
    if (number < 0) throw new ParquetError("texts as in a flow log", "another");
    return number;
  });
  return spread(column, numbers, new Int32Array(column.rows), NONE);
}

/** Texts, as codes: where in a list each is; 0 for null. */
export function codesOf(column: ColumnData, list: readonly string[]): Uint8Array {
  const codes = valuesOfTexts(column, (dictionary, from, to) => {
    const text = latin1(dictionary, from, to);
    const code = list.indexOf(text);
    if (code < 1) throw new ParquetError(`one of ${list.slice(1).join(", ")}`, JSON.stringify(text));
    return code;
  });
  return spread(column, codes, new Uint8Array(column.rows), 0);
}

/** Whole numbers from 0 to `max`; `NONE` for null. */
export function integersOf<T extends Uint8Array | Uint16Array | Int16Array>(
  column: ColumnData,
  target: T,
  max: number,
): T {
  const { dictionary, entries } = dictionaryOf(column, "INT32");
  const values = new Int32Array(entries);
  for (let i = 0; i < entries; i++) {
    const value = dictionary.getInt32(INT32_BYTES * i, true);
    if (value < 0 || value > max) throw new ParquetError(`a number from 0 to ${max}`, String(value));
    values[i] = value;
  }
  return spread(column, values, target, NONE);
}

/** Numbers from 0 to 2^63-1, none of them null. */
export function wordsOf({ type, rows, levels, values }: ColumnData): Int64s {
  if (type !== "INT64" || levels !== undefined || !("plain" in values))
    throw new ParquetError("plain 64-bit numbers, none null", "others");
  const { buffer, byteOffset, length } = values.plain;
  if (length !== INT64_BYTES * rows) throw new ParquetError(`${INT64_BYTES * rows} bytes`, String(length));
  const isAligned = byteOffset % Uint32Array.BYTES_PER_ELEMENT === 0;
  const words = isAligned
    ? new Uint32Array(buffer, byteOffset, 2 * rows)
    : new Uint32Array(Uint8Array.from(values.plain).buffer);
  let highs = 0;
  for (let high = 1; high < words.length; high += 2) highs |= words[high] ?? 0;
  if (highs < 0) throw new ParquetError("numbers from 0", "one below");
  return words;
}

/** Milliseconds as whole seconds. */
export function secondsOf(column: ColumnData): Float64Array {
  const words = wordsOf(column);
  const seconds = new Float64Array(column.rows);
  for (let row = 0; row < column.rows; row++) {
    const high = words[2 * row + 1] ?? 0;
    // The number may be beyond 2^53: in two parts it is exact.
    const low = (high % 1000) * WORD + (words[2 * row] ?? 0);
    seconds[row] = Math.floor(high / 1000) * WORD + Math.floor(low / 1000);
  }
  return seconds;
}

function dictionaryOf({ type, values }: ColumnData, expected: ColumnData["type"]) {
  if ("dictionary" in values && type === expected) return values;
  throw new ParquetError(`a dictionary of ${expected}`, `another column of ${type}`);
}

/** What stands for each text of a dictionary. */
function valuesOfTexts(
  column: ColumnData,
  valueOf: (dictionary: DataView, from: number, to: number) => number,
): Int32Array {
  const { dictionary, entries } = dictionaryOf(column, "BYTE_ARRAY");
  const values = new Int32Array(entries);
  for (let i = 0, at = 0; i < entries; i++) {
    const from = at + LENGTH_BYTES;
    at = from + dictionary.getUint32(at, true);
    if (at > dictionary.byteLength) throw new ParquetError(`${entries} texts`, "fewer");
    values[i] = valueOf(dictionary, from, at);
  }
  return values;
}

/** The value of each row by its index, or what stands for null. */
function spread<T extends Int32Array | Uint8Array | Uint16Array | Int16Array>(
  column: ColumnData,
  values: Int32Array,
  target: T,
  none: number,
): T {
  const { levels, rows } = column;
  const { indices } = dictionaryOf(column, column.type);
  let next = 0;
  for (let row = 0; row < rows; row++) {
    if (levels !== undefined && levels[row] === 0) {
      target[row] = none;
      continue;
    }
    const value = values[indices[next++] ?? 0];
    if (value === undefined) throw new ParquetError(`an index below ${values.length}`, "a larger one");
    target[row] = value;
  }
  return target;
}

function latin1({ buffer, byteOffset }: DataView, from: number, to: number): string {
  return Buffer.from(buffer, byteOffset + from, to - from).toString("latin1");
}
