import { ROW_WORDS } from "./sum-row.js";

const CHUNK_BITS = 10;
export const CHUNK_ROWS = 1 << CHUNK_BITS;

/** Memory of `CHUNK_ROWS` rows of sums. Row r of a table is row `rowInChunk(r)` of its chunk `chunkOf(r)`, and never moves. */
export class RowChunk {
  readonly words = new Uint32Array(ROW_WORDS * CHUNK_ROWS);
  /** The same memory. */
  readonly doubles = new Float64Array(this.words.buffer);
  /** The number of each row's combination of further values; made with the first row that has any. */
  combinations: Uint32Array | undefined = undefined;
}

export function chunkOf(row: number): number {
  return row >>> CHUNK_BITS;
}

export function rowInChunk(row: number): number {
  return row & (CHUNK_ROWS - 1);
}
