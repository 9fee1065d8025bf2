import type { Int64s } from "../edges/int64.js";

/** Each merges values, in their order, into the rows that `rows` says, if it isn't negative. */

export function mergeLeast(column: Float64Array, rows: Int32Array, values: Float64Array): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? -1;
    if (row < 0) continue;
    const value = values[i] ?? 0;
    if (value < (column[row] ?? 0)) column[row] = value;
  }
}

export function mergeGreatest(column: Float64Array, rows: Int32Array, values: Float64Array): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? -1;
    if (row < 0) continue;
    const value = values[i] ?? 0;
    if (value > (column[row] ?? 0)) column[row] = value;
  }
}

export function mergeBits(column: Int64s, rows: Int32Array, values: Int64s): void {
  for (let i = 0; i < rows.length; i++) {
    const at = 2 * (rows[i] ?? -1);
    if (at < 0) continue;
    column[at] = (column[at] ?? 0) | (values[2 * i] ?? 0);
    column[at + 1] = (column[at + 1] ?? 0) | (values[2 * i + 1] ?? 0);
  }
}
