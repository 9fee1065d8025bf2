import { randomFillSync } from "node:crypto";
import { CorruptInputError } from "../errors.js";

/**
 * A row, in words of 32 bits: the six numbers of its key (account, interface, source, destination, ports, protocol with
 * verdict), then packets and bytes as doubles. Side by side, so that a row costs one access to memory that isn't cached.
 */
export const ROW_WORDS = 10;
/** A row in doubles, and where in it the sums are. */
export const ROW_DOUBLES = ROW_WORDS / 2;
export const PACKETS = 3;
export const BYTES = 4;
const INITIAL_ROWS = 64;
/** Sums are kept below this, and how often it was taken off them is counted apart. */
export const SUM_UNIT = 2 ** 52;
/** The largest sum that can be told exactly, 2^105-1. */
export const MAX_SUM = BigInt(SUM_UNIT) * BigInt(Number.MAX_SAFE_INTEGER + 1) - 1n;

/**
 * Rows of a digest: keys of six integers, each with its packets and bytes summed exactly. 48 to 96 bytes a row, in
 * typed arrays. Rows are numbered in order of first appearance.
 *
 * Open addressing with linear probing, at most half full.
 */
export class KeyTable {
  #size = 0;
  #words = new Uint32Array(ROW_WORDS * INITIAL_ROWS);
  /** The same memory. */
  #doubles = new Float64Array(this.#words.buffer);
  /**
   * 0 for a free slot. Otherwise row + 1, in the bits that tell a slot, below the rest of its hash: a row of another
   * key is hardly ever looked at.
   */
  #slots = new Int32Array(2 * INITIAL_ROWS);
  /** How many units were taken off a sum, by its index in #doubles. Hardly ever holds anything: a unit is 4 petabytes. */
  readonly #units = new Map<number, number>();

  get size(): number {
    return this.#size;
  }

  /** All rows, `ROW_WORDS` each, their sums less their units. Valid until the next call that changes the table. */
  get words(): Uint32Array {
    return this.#words.subarray(0, ROW_WORDS * this.#size);
  }

  /** The units taken off sums, by the index of the sum in doubles. */
  get units(): ReadonlyMap<number, number> {
    return this.#units;
  }

  /**
   * Adds to the row of this key, which is made where there is none. Packets and bytes are below `SUM_UNIT`.
   * Returns the row.
   */
  add(
    account: number,
    networkInterface: number,
    source: number,
    destination: number,
    ports: number,
    kind: number,
    packets: number,
    bytes: number,
  ): number {
    const slots = this.#slots;
    const words = this.#words;
    const mask = slots.length - 1;
    const hash = hashKey(account, networkInterface, source, destination, ports, kind);
    let slot = hash & mask;
    for (;;) {
      const entry = slots[slot] ?? 0;
      if (entry === 0) break;
      const row = (entry & mask) - 1;
      const at = ROW_WORDS * row;
      if (
        ((entry ^ hash) & ~mask) === 0 &&
        words[at] === account &&
        words[at + 1] === networkInterface &&
        words[at + 2] === source &&
        words[at + 3] === destination &&
        words[at + 4] === ports &&
        words[at + 5] === kind
      ) {
        this.#increase(ROW_DOUBLES * row + PACKETS, packets);
        this.#increase(ROW_DOUBLES * row + BYTES, bytes);
        return row;
      }
      slot = (slot + 1) & mask;
    }
    const row = this.#size++;
    slots[slot] = (hash & ~mask) | (row + 1);
    const at = ROW_WORDS * row;
    words[at] = account;
    words[at + 1] = networkInterface;
    words[at + 2] = source;
    words[at + 3] = destination;
    words[at + 4] = ports;
    words[at + 5] = kind;
    this.#doubles[ROW_DOUBLES * row + PACKETS] = packets;
    this.#doubles[ROW_DOUBLES * row + BYTES] = bytes;
    if (2 * this.#size === slots.length) this.#grow();
    return row;
  }

  /**
   * Adds units of `SUM_UNIT` to the sum at this index in doubles.
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

  /** The whole sum at this index in doubles. */
  total(index: number): number | bigint {
    const low = this.#doubles[index] ?? 0;
    const units = this.#units.get(index);
    return units === undefined ? low : BigInt(units) * BigInt(SUM_UNIT) + BigInt(low);
  }

  /** Forgets all rows and keeps the memory. */
  clear(): void {
    this.#size = 0;
    this.#slots.fill(0);
    this.#units.clear();
  }

  #increase(index: number, by: number): void {
    const sum = (this.#doubles[index] ?? 0) + by;
    if (sum < SUM_UNIT) {
      this.#doubles[index] = sum;
    } else {
      this.#doubles[index] = sum - SUM_UNIT;
      this.addUnits(index, 1);
    }
  }

  #grow(): void {
    const rows = this.#slots.length;
    const words = new Uint32Array(ROW_WORDS * rows);
    words.set(this.#words);
    this.#words = words;
    this.#doubles = new Float64Array(words.buffer);
    const slots = new Int32Array(2 * rows);
    const mask = slots.length - 1;
    for (let row = 0, at = 0; row < this.#size; row++, at += ROW_WORDS) {
      const hash = hashKey(
        words[at] ?? 0,
        words[at + 1] ?? 0,
        words[at + 2] ?? 0,
        words[at + 3] ?? 0,
        words[at + 4] ?? 0,
        words[at + 5] ?? 0,
      );
      let slot = hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = (hash & ~mask) | (row + 1);
    }
    this.#slots = slots;
  }
}

const WORDS = 6;
/** Drawn once in a process: what is added to each word of a key, and odd numbers by which they are multiplied. */
const SECRET = randomFillSync(new Int32Array(2 * WORDS)).map((value, at) => (at < WORDS ? value : value | 1));

/**
 * Multiplies and mixes with secret numbers, so that nobody can prepare keys that collide: what a difference becomes isn't
 * known, and the ports, which alone have all 32 bits, come last, where nothing can undo theirs. Differs from process to
 * process: nothing that is written may depend on it.
 */
export function hashKey(
  account: number,
  networkInterface: number,
  source: number,
  destination: number,
  ports: number,
  kind: number,
): number {
  let hash = mixed(0, account, 0);
  hash = mixed(hash, networkInterface, 1);
  hash = mixed(hash, source, 2);
  hash = mixed(hash, destination, 3);
  hash = mixed(hash, kind, 4);
  hash = mixed(hash, ports, 5);
  return hash ^ (hash >>> 15);
}

function mixed(hash: number, word: number, at: number): number {
  return Math.imul((hash ^ (hash >>> 15)) + word + (SECRET[at] ?? 0), SECRET[WORDS + at] ?? 1);
}
