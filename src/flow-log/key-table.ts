import { CorruptInputError } from "../errors.js";
import { CHUNK_ROWS, chunkOf, RowChunk, rowInChunk } from "./row-chunk.js";
import { MAX_SUM, ROW_DOUBLES, ROW_WORDS, SUM_UNIT } from "./sum-row.js";

/** Where the rows of tables are. */
export interface Tables {
  sizeOf(table: number): number;
  /** @param from where the row begins in the words */
  add(table: number, words: Uint32Array, from: number, combination: number): number;
  wordsOf(table: number, chunk: number): Uint32Array;
  combinationsOf(table: number, chunk: number): Uint32Array | undefined;
  clear(table: number): void;
}

/**
 * Rows of sums, one for each key: 72 to 80 bytes a row, 4 more where logs have further values. Rows are numbered in order of
 * first appearance. They are in the memory of a kernel, which finds them: see `assembly/sums.ts`.
 */
export class KeyTable {
  readonly #tables: Tables;
  readonly #number: number;
  readonly #chunks: RowChunk[] = [];
  /** How many units were taken off a sum, by its place in doubles. Hardly ever holds anything: a unit is 4 petabytes. */
  readonly #units = new Map<number, number>();

  constructor(tables: Tables, number: number) {
    this.#tables = tables;
    this.#number = number;
  }

  get size(): number {
    return this.#tables.sizeOf(this.#number);
  }

  /** All rows, their sums less their units. The last chunk may be full in part. */
  get chunks(): readonly RowChunk[] {
    const chunks = Math.ceil(this.size / CHUNK_ROWS);
    for (let chunk = this.#chunks.length; chunk < chunks; chunk++) {
      this.#chunks.push(
        new RowChunk(this.#tables.wordsOf(this.#number, chunk), () =>
          this.#tables.combinationsOf(this.#number, chunk),
        ),
      );
    }
    return this.#chunks;
  }

  /** The units taken off sums, by the place of the sum in doubles: `ROW_DOUBLES` a row. */
  get units(): ReadonlyMap<number, number> {
    return this.#units;
  }

  /**
   * Merges a row into the one of its key, which is made where there is none. Its packets and bytes are below `SUM_UNIT`.
   * Returns the row's number.
   *
   * @param words rows
   * @param from the row's number among them
   * @param combination the number of that of its further values
   * @throws CorruptInputError when there are more records, packets or bytes than can be told exactly
   */
  add(words: Uint32Array, from: number, combination: number): number {
    return this.#tables.add(this.#number, words, ROW_WORDS * from, combination);
  }

  /**
   * Adds units of `SUM_UNIT` to the sum at this place in doubles.
   *
   * @throws CorruptInputError when the sum can't be told exactly any more
   */
  addUnits(index: number, units: number): void {
    const sum = (this.#units.get(index) ?? 0) + units;
    if (!Number.isSafeInteger(sum)) {
      throw new CorruptInputError(
        `expected packets and bytes of a key to sum up to at most ${MAX_SUM}, got more`,
      );
    }
    this.#units.set(index, sum);
  }

  /** The whole sum of a row, of PACKETS or BYTES. */
  total(row: number, sum: number): number | bigint {
    const low = this.chunks[chunkOf(row)]?.doubles[ROW_DOUBLES * rowInChunk(row) + sum] ?? 0;
    const units = this.#units.size === 0 ? undefined : this.#units.get(ROW_DOUBLES * row + sum);
    return units === undefined ? low : BigInt(units) * BigInt(SUM_UNIT) + BigInt(low);
  }

  /** Forgets all rows and gives their memory back. */
  clear(): void {
    this.#tables.clear(this.#number);
    this.#chunks.length = 0;
    this.#units.clear();
  }
}
