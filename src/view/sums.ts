import { addInt64, newInt64s, type Int64s } from "../edges/int64.js";
import { CorruptInputError } from "../errors.js";
import { larger, moreRows, trimmed } from "./capacity.js";

/** Sums of rows in columns. */
export interface SumColumns {
  readonly bytes: Int64s;
  readonly packets: Int64s;
  readonly flows: Int64s | undefined;
}

/** Sums that grow. */
export class Sums implements SumColumns {
  bytes = newInt64s(0);
  packets = newInt64s(0);
  flows: Int64s | undefined;

  constructor(hasFlows: boolean, rows = 0) {
    this.bytes = newInt64s(rows);
    this.packets = newInt64s(rows);
    if (hasFlows) this.flows = newInt64s(rows);
  }

  makeRoom(rows: number): void {
    const room = this.bytes.length / 2;
    if (rows <= room) return;
    const more = Math.max(rows, moreRows(room));
    this.bytes = larger(this.bytes, newInt64s(more));
    this.packets = larger(this.packets, newInt64s(more));
    if (this.flows !== undefined) this.flows = larger(this.flows, newInt64s(more));
  }

  /** @throws CorruptInputError when a sum is beyond 2^63-1 */
  add(row: number, from: SumColumns, fromRow: number): void {
    const fits =
      addInt64(this.bytes, row, from.bytes, fromRow) &&
      addInt64(this.packets, row, from.packets, fromRow) &&
      (this.flows === undefined ||
        from.flows === undefined ||
        addInt64(this.flows, row, from.flows, fromRow));
    if (!fits) throw tooLarge();
  }

  /**
   * Adds some rows of a table, each to the row that `rows` says.
   *
   * @throws CorruptInputError when a sum is beyond 2^63-1
   */
  addSome(some: Int32Array, rows: Int32Array, from: SumColumns): void {
    const fits =
      addColumn(this.bytes, some, rows, from.bytes) &&
      addColumn(this.packets, some, rows, from.packets) &&
      (this.flows === undefined || from.flows === undefined || addColumn(this.flows, some, rows, from.flows));
    if (!fits) throw tooLarge();
  }

  /** Takes over the sums of a row that has more bytes; at a tie more packets, then more flows. */
  takeIfMore(row: number, from: SumColumns, fromRow: number): void {
    const difference =
      compareInt64(from.bytes, fromRow, this.bytes, row) ||
      compareInt64(from.packets, fromRow, this.packets, row) ||
      (from.flows === undefined || this.flows === undefined
        ? 0
        : compareInt64(from.flows, fromRow, this.flows, row));
    if (difference <= 0) return;
    copyInt64(this.bytes, row, from.bytes, fromRow);
    copyInt64(this.packets, row, from.packets, fromRow);
    if (this.flows !== undefined && from.flows !== undefined) {
      copyInt64(this.flows, row, from.flows, fromRow);
    }
  }

  /** The columns of so many rows, without the room for more. */
  finish(rows: number): SumColumns {
    return {
      bytes: trimmed(this.bytes, 2 * rows),
      packets: trimmed(this.packets, 2 * rows),
      flows: this.flows && trimmed(this.flows, 2 * rows),
    };
  }
}

function tooLarge(): CorruptInputError {
  return new CorruptInputError("expected edges to sum up to at most 2^63-1, got more");
}

function addColumn(to: Int64s, some: Int32Array, rows: Int32Array, from: Int64s): boolean {
  for (let i = 0; i < some.length; i++) {
    const row = some[i] ?? 0;
    if (!addInt64(to, rows[row] ?? 0, from, row)) return false;
  }
  return true;
}

/** Negative, 0 or positive, as `a - b`. */
function compareInt64(a: Int64s, aRow: number, b: Int64s, bRow: number): number {
  return (a[2 * aRow + 1] ?? 0) - (b[2 * bRow + 1] ?? 0) || (a[2 * aRow] ?? 0) - (b[2 * bRow] ?? 0);
}

function copyInt64(to: Int64s, row: number, from: Int64s, fromRow: number): void {
  to[2 * row] = from[2 * fromRow] ?? 0;
  to[2 * row + 1] = from[2 * fromRow + 1] ?? 0;
}
