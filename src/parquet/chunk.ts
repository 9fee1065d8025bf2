import { maxHybridBytes, putHybrid } from "./hybrid.js";
import { withRoom } from "../flow-log/room.js";

/** One column of one row group, encoded and not yet compressed: a dictionary page, where it has one, and a data page. */
export interface Chunk {
  readonly rows: number;
  readonly nulls: number;
  readonly dictionary: { readonly bytes: Uint8Array; readonly values: number } | undefined;
  readonly data: Uint8Array;
  /** The least and the greatest value as in a PLAIN page, where they are told. */
  readonly range: { readonly min: Uint8Array; readonly max: Uint8Array } | undefined;
  /** Whether gzip is worth its time. */
  readonly compress: boolean;
}

/** Whether each row of a group has a value: Parquet's definition levels, of a column that isn't nested. */
export class Levels {
  #levels = new Uint8Array(0);
  nulls = 0;

  reserve(rows: number): void {
    this.#levels = withRoom(this.#levels, rows);
  }

  set(row: number, level: 0 | 1): void {
    this.#levels[row] = level;
    this.nulls += 1 - level;
  }

  maxBytes(rows: number): number {
    return 4 + maxHybridBytes(rows, 1);
  }

  /** Writes them as a data page of version 1 begins, and returns the position after them. */
  put(bytes: Buffer, at: number, rows: number): number {
    const end = putHybrid(bytes, at + 4, this.#levels, rows, 1);
    bytes.writeUInt32LE(end - at - 4, at);
    return end;
  }
}
