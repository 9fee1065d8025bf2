import { CorruptInputError } from "../errors.js";
import { type Combinations, NO_VALUES } from "./combinations.js";
import { CHUNK_ROWS, chunkOf, RowChunk, rowInChunk } from "./row-chunk.js";
import { mix } from "./secret-hash.js";
import {
  ACCOUNT,
  BYTES,
  DESTINATION,
  INTERFACE,
  KIND,
  MAX_SUM,
  mergeWords,
  PACKETS,
  PORTS,
  ROW_DOUBLES,
  ROW_WORDS,
  SOURCE,
  SUM_UNIT,
} from "./sum-row.js";

const INITIAL_SLOTS = 128;

/**
 * Rows of sums, one for each key, in typed arrays: 72 to 80 bytes a row, 4 more where logs have further values. Rows are
 * numbered in order of first appearance.
 *
 * Open addressing with linear probing, at most half full.
 */
export class KeyTable {
  #size = 0;
  readonly #chunks: RowChunk[] = [];
  readonly #pool: RowChunk[];
  readonly #combinations: Combinations;
  /**
   * 0 for a free slot. Otherwise row + 1, in the bits that tell a slot, below the rest of its hash: a row of another
   * key is hardly ever looked at.
   */
  #slots = new Int32Array(INITIAL_SLOTS);
  /** How many units were taken off a sum, by its place in doubles. Hardly ever holds anything: a unit is 4 petabytes. */
  readonly #units = new Map<number, number>();

  /**
   * @param pool of chunks that aren't in use, which tables may share
   * @param combinations that rows have the numbers of
   */
  constructor(pool: RowChunk[], combinations: Combinations) {
    this.#pool = pool;
    this.#combinations = combinations;
  }

  get size(): number {
    return this.#size;
  }

  /** All rows, their sums less their units. The last chunk may be full in part. */
  get chunks(): readonly RowChunk[] {
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
   * @param source rows
   * @param doubles the same memory
   * @param from the row's number among them
   * @param combination the number of that of its further values
   */
  add(source: Uint32Array, doubles: Float64Array, from: number, combination: number): number {
    const start = ROW_WORDS * from;
    const hash = hashKey(source, start);
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const entry = slots[slot] ?? 0;
      if (entry === 0) break;
      if (((entry ^ hash) & ~mask) === 0) {
        const row = (entry & mask) - 1;
        const chunk = this.#chunks[chunkOf(row)] ?? NO_CHUNK;
        const at = ROW_WORDS * rowInChunk(row);
        if (isSameKey(chunk.words, at, source, start)) {
          mergeWords(chunk.words, at, source, start);
          if (chunk.combinations !== undefined) {
            this.#agree(chunk.combinations, rowInChunk(row), combination);
          }
          this.#increase(chunk.doubles, row, PACKETS, doubles[ROW_DOUBLES * from + PACKETS] ?? 0);
          this.#increase(chunk.doubles, row, BYTES, doubles[ROW_DOUBLES * from + BYTES] ?? 0);
          return row;
        }
      }
      slot = (slot + 1) & mask;
    }
    const row = this.#size++;
    slots[slot] = (hash & ~mask) | (row + 1);
    const chunk = this.#chunks[chunkOf(row)] ?? this.#newChunk();
    const { words } = chunk;
    const at = ROW_WORDS * rowInChunk(row);
    for (let word = 0; word < ROW_WORDS; word++) words[at + word] = source[start + word] ?? 0;
    if (combination !== NO_VALUES) chunk.combinations ??= new Uint32Array(CHUNK_ROWS);
    // A chunk of the pool has those of others.
    if (chunk.combinations !== undefined) chunk.combinations[rowInChunk(row)] = combination;
    if (2 * this.#size === slots.length) this.#grow();
    return row;
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
    const low = this.#chunks[chunkOf(row)]?.doubles[ROW_DOUBLES * rowInChunk(row) + sum] ?? 0;
    const units = this.#units.size === 0 ? undefined : this.#units.get(ROW_DOUBLES * row + sum);
    return units === undefined ? low : BigInt(units) * BigInt(SUM_UNIT) + BigInt(low);
  }

  /** Forgets all rows and gives their chunks back. */
  clear(): void {
    this.#size = 0;
    this.#pool.push(...this.#chunks.splice(0));
    this.#slots.fill(0);
    this.#units.clear();
  }

  #agree(combinations: Uint32Array, row: number, combination: number): void {
    const before = combinations[row] ?? NO_VALUES;
    if (before !== combination) combinations[row] = this.#combinations.agreed(before, combination);
  }

  #increase(doubles: Float64Array, row: number, sum: number, by: number): void {
    const index = ROW_DOUBLES * rowInChunk(row) + sum;
    const total = (doubles[index] ?? 0) + by;
    if (total < SUM_UNIT) {
      doubles[index] = total;
    } else {
      doubles[index] = total - SUM_UNIT;
      this.addUnits(ROW_DOUBLES * row + sum, 1);
    }
  }

  #newChunk(): RowChunk {
    const chunk = this.#pool.pop() ?? new RowChunk();
    this.#chunks.push(chunk);
    return chunk;
  }

  #grow(): void {
    const slots = new Int32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let row = 0; row < this.#size; row++) {
      const hash = hashKey((this.#chunks[chunkOf(row)] ?? NO_CHUNK).words, ROW_WORDS * rowInChunk(row));
      let slot = hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = (hash & ~mask) | (row + 1);
    }
    this.#slots = slots;
  }
}

/** What an index that is always in range would give otherwise. */
const NO_CHUNK = new RowChunk();

function isSameKey(words: Uint32Array, at: number, source: Uint32Array, start: number): boolean {
  return (
    words[at + SOURCE] === source[start + SOURCE] &&
    words[at + DESTINATION] === source[start + DESTINATION] &&
    words[at + PORTS] === source[start + PORTS] &&
    words[at + KIND] === source[start + KIND] &&
    words[at + INTERFACE] === source[start + INTERFACE] &&
    words[at + ACCOUNT] === source[start + ACCOUNT]
  );
}

/** Secret: nothing that is written may depend on it. */
export function hashKey(words: Uint32Array, at: number): number {
  let hash = mix(0, words[at + ACCOUNT] ?? 0, 0);
  hash = mix(hash, words[at + INTERFACE] ?? 0, 1);
  hash = mix(hash, words[at + SOURCE] ?? 0, 2);
  hash = mix(hash, words[at + DESTINATION] ?? 0, 3);
  hash = mix(hash, words[at + KIND] ?? 0, 4);
  hash = mix(hash, words[at + PORTS] ?? 0, 5);
  return hash ^ (hash >>> 15);
}
