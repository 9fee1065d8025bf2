const CHUNK_BITS = 10;
export const CHUNK_ROWS = 1 << CHUNK_BITS;

/** `CHUNK_ROWS` rows of sums. Row r of a table is row `rowInChunk(r)` of its chunk `chunkOf(r)`, and never moves. */
export class RowChunk {
  readonly words: Uint32Array;
  /** The same memory. */
  readonly doubles: Float64Array;
  readonly #find: () => Uint32Array | undefined;
  #combinations: Uint32Array | undefined;

  /** @param combinations finds those of its rows, which are there from the first row on that has any */
  constructor(words: Uint32Array, combinations: () => Uint32Array | undefined) {
    this.words = words;
    this.doubles = new Float64Array(words.buffer, words.byteOffset, words.length / 2);
    this.#find = combinations;
  }

  /** The number of each row's combination of further values; undefined when no row has any. */
  get combinations(): Uint32Array | undefined {
    this.#combinations ??= this.#find();
    return this.#combinations;
  }
}

export function chunkOf(row: number): number {
  return row >>> CHUNK_BITS;
}

export function rowInChunk(row: number): number {
  return row & (CHUNK_ROWS - 1);
}
