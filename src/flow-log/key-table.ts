/** Numbers that make up a key: account, interface, source, destination, ports, protocol with verdict. */
export const KEY_LENGTH = 6;
/** Packets and bytes. */
export const SUMS = 2;
const INITIAL_ROWS = 64;
/** Sums are kept below this, and how often it was taken off them is counted apart: 2^105 can be told exactly. */
export const SUM_UNIT = 2 ** 52;

/**
 * Rows of a digest: keys of six integers, each with its packets and bytes summed exactly. 56 to 112 bytes a row, in
 * typed arrays. Rows are numbered in order of first appearance.
 *
 * Open addressing with linear probing, at most half full.
 */
export class KeyTable {
  #size = 0;
  #keys = new Uint32Array(KEY_LENGTH * INITIAL_ROWS);
  #sums = new Float64Array(SUMS * INITIAL_ROWS);
  /** Row + 1 in a slot, 0 for a free one. */
  #slots = new Uint32Array(2 * INITIAL_ROWS);
  /** How many units were taken off #sums, by its index. Hardly ever holds anything: a unit is 4 petabytes. */
  readonly #units = new Map<number, number>();

  get size(): number {
    return this.#size;
  }

  /** The keys of all rows, `KEY_LENGTH` numbers each. Valid until the next call that changes the table. */
  get keys(): Uint32Array {
    return this.#keys.subarray(0, KEY_LENGTH * this.#size);
  }

  /** Packets and bytes of all rows less their units. Valid until the next call that changes the table. */
  get sums(): Float64Array {
    return this.#sums.subarray(0, SUMS * this.#size);
  }

  /** Index into `sums` and the units taken off there. */
  get units(): ReadonlyMap<number, number> {
    return this.#units;
  }

  /**
   * Adds to the row of this key, which is made where there is none. Packets and bytes are below `SUM_UNIT`.
   * Returns the row.
   *
   * @param hash `hashKey` of the key
   */
  add(
    hash: number,
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
    const keys = this.#keys;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const entry = slots[slot] ?? 0;
      if (entry === 0) break;
      const at = KEY_LENGTH * (entry - 1);
      if (
        keys[at] === account &&
        keys[at + 1] === networkInterface &&
        keys[at + 2] === source &&
        keys[at + 3] === destination &&
        keys[at + 4] === ports &&
        keys[at + 5] === kind
      ) {
        this.#increase(SUMS * (entry - 1), packets);
        this.#increase(SUMS * (entry - 1) + 1, bytes);
        return entry - 1;
      }
      slot = (slot + 1) & mask;
    }
    const row = this.#size++;
    slots[slot] = row + 1;
    const at = KEY_LENGTH * row;
    keys[at] = account;
    keys[at + 1] = networkInterface;
    keys[at + 2] = source;
    keys[at + 3] = destination;
    keys[at + 4] = ports;
    keys[at + 5] = kind;
    this.#sums[SUMS * row] = packets;
    this.#sums[SUMS * row + 1] = bytes;
    if (2 * this.#size === slots.length) this.#grow();
    return row;
  }

  /** Adds units of `SUM_UNIT` to the sum at this index of `sums`. */
  addUnits(index: number, units: number): void {
    this.#units.set(index, (this.#units.get(index) ?? 0) + units);
  }

  /** The whole sum at this index of `sums`. */
  total(index: number): number | bigint {
    const low = this.#sums[index] ?? 0;
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
    const sum = (this.#sums[index] ?? 0) + by;
    if (sum < SUM_UNIT) {
      this.#sums[index] = sum;
    } else {
      this.#sums[index] = sum - SUM_UNIT;
      this.addUnits(index, 1);
    }
  }

  #grow(): void {
    const rows = this.#slots.length;
    const keys = new Uint32Array(KEY_LENGTH * rows);
    keys.set(this.#keys);
    this.#keys = keys;
    const sums = new Float64Array(SUMS * rows);
    sums.set(this.#sums);
    this.#sums = sums;
    const slots = new Uint32Array(2 * rows);
    const mask = slots.length - 1;
    for (let row = 0, at = 0; row < this.#size; row++, at += KEY_LENGTH) {
      let slot =
        hashKey(
          keys[at] ?? 0,
          keys[at + 1] ?? 0,
          keys[at + 2] ?? 0,
          keys[at + 3] ?? 0,
          keys[at + 4] ?? 0,
          keys[at + 5] ?? 0,
        ) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = row + 1;
    }
    this.#slots = slots;
  }
}

export function hashKey(
  account: number,
  networkInterface: number,
  source: number,
  destination: number,
  ports: number,
  kind: number,
): number {
  let hash = Math.imul(account ^ Math.imul(networkInterface, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul((hash ^ (hash >>> 15)) + source, 0xc2b2ae35);
  hash = Math.imul((hash ^ (hash >>> 13)) + destination, 0x27d4eb2f);
  hash = Math.imul((hash ^ (hash >>> 15)) + ports, 0x165667b1);
  hash = Math.imul((hash ^ (hash >>> 13)) + kind, 0x9e3779b1);
  return (hash ^ (hash >>> 15)) >>> 0;
}
