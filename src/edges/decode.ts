import type { ByteTable } from "../flow-log/byte-table.js";
import type { Int64s } from "./int64.js";
import { ParquetError, type ColumnData } from "./parquet/read-chunk.js";
import { NONE } from "./table.js";

const WORD = 2 ** 32;
const LENGTH_BYTES = 4;

/** Texts, as numbers into a table; `NONE` for null. */
export function numbersOf(column: ColumnData, table: ByteTable): Int32Array {
  const { dictionary } = dictionaryOf(column);
  const numbers = texts(column).map(([from, to]) => {
    const number = table.intern(dictionary, from, to);
    if (number < 0) throw new ParquetError("texts as in a flow log", "another");
    return number;
  });
  return spread(column, Int32Array.from(numbers), new Int32Array(column.rows), NONE);
}

/** Texts, as codes: where in a list each is; 0 for null. */
export function codesOf(column: ColumnData, list: readonly string[]): Uint8Array {
  const { dictionary } = dictionaryOf(column);
  const codes = texts(column).map(([from, to]) => {
    const text = Buffer.from(dictionary.buffer, dictionary.byteOffset + from, to - from).toString("latin1");
    const code = list.indexOf(text);
    if (code < 1) throw new ParquetError(`one of ${list.slice(1).join(", ")}`, JSON.stringify(text));
    return code;
  });
  return spread(column, Int32Array.from(codes), new Uint8Array(column.rows), 0);
}

/** Whole numbers from 0 to `max`; `NONE` for null. */
export function integersOf<T extends Uint8Array | Uint16Array | Int16Array>(
  column: ColumnData,
  target: T,
  max: number,
): T {
  const { dictionary, entries } = dictionaryOf(column);
  const values = new Int32Array(entries);
  for (let i = 0; i < entries; i++) {
    const value = dictionary.getInt32(4 * i, true);
    if (value < 0 || value > max) throw new ParquetError(`a number from 0 to ${max}`, String(value));
    values[i] = value;
  }
  return spread(column, values, target, NONE);
}

export function wordsOf({ rows, levels, values }: ColumnData): Int64s {
  if (levels !== undefined || !("plain" in values))
    throw new ParquetError("plain numbers, none null", "others");
  if (values.plain.length !== 8 * rows)
    throw new ParquetError(`${8 * rows} bytes`, String(values.plain.length));
  const { buffer, byteOffset } = values.plain;
  const isAligned = byteOffset % Uint32Array.BYTES_PER_ELEMENT === 0;
  return isAligned
    ? new Uint32Array(buffer, byteOffset, 2 * rows)
    : new Uint32Array(values.plain.slice().buffer);
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

function dictionaryOf({ values }: ColumnData) {
  if (!("dictionary" in values)) throw new ParquetError("a dictionary", "none");
  return values;
}

/** Where the texts of a dictionary are in it. */
function texts(column: ColumnData): (readonly [from: number, to: number])[] {
  const { dictionary, entries } = dictionaryOf(column);
  let at = 0;
  return Array.from({ length: entries }, () => {
    const from = at + LENGTH_BYTES;
    at = from + dictionary.getUint32(at, true);
    if (at > dictionary.byteLength) throw new ParquetError(`${entries} texts`, "fewer");
    return [from, at] as const;
  });
}

/** The value of each row by its index, or what stands for null. */
function spread<T extends Int32Array | Uint8Array | Uint16Array | Int16Array>(
  column: ColumnData,
  values: Int32Array,
  target: T,
  none: number,
): T {
  const { indices } = dictionaryOf(column);
  const { levels, rows } = column;
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
