/** Room that must lie behind bytes that are looked up, since they are read four at a time. */
export const PADDING = 4;
const INITIAL_ENTRIES = 256;
const INITIAL_BYTES = 4096;

/**
 * Numbers the distinct byte strings it is shown: 0, 1, 2, … in order of first appearance. Millions of addresses cost
 * their bytes and some twenty more each, in typed arrays that the garbage collector never walks.
 *
 * Open addressing with linear probing, at most half full. Nothing is ever removed.
 */
export class ByteTable {
  readonly #accepts: (text: string) => boolean;
  #size = 0;
  /** Number + 1 of the entry in a slot, 0 for a free one. */
  #slots = new Uint32Array(2 * INITIAL_ENTRIES);
  #hashes = new Uint32Array(INITIAL_ENTRIES);
  /** Entry n lies in the arena from #ends[n] to #ends[n + 1]. */
  #ends = new Uint32Array(INITIAL_ENTRIES + 1);
  #arena = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#arena.buffer);

  /** @param accepts is asked once for each new entry, so that whatever is in the table has been found valid */
  constructor(accepts: (text: string) => boolean) {
    this.#accepts = accepts;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * The number of the bytes from `from` to `to`; -1 when they aren't acceptable. `PADDING` bytes must be readable
   * behind `to`; their content doesn't matter.
   */
  intern(source: DataView, from: number, to: number): number {
    const length = to - from;
    let hash = Math.imul(length, 0x9e3779b1);
    let at = from;
    for (; at + 4 <= to; at += 4) hash = mix(hash, source.getInt32(at, true));
    if (at < to) hash = mix(hash, source.getInt32(at, true) & (-1 >>> (32 - 8 * (to - at))));
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    hash = (hash ^ (hash >>> 13)) >>> 0;

    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const entry = this.#slots[slot] ?? 0;
      if (entry === 0) break;
      if (this.#hashes[entry - 1] === hash && this.#equals(entry - 1, source, from, length)) return entry - 1;
      slot = (slot + 1) & mask;
    }
    const bytes = Buffer.from(source.buffer, source.byteOffset + from, length);
    if (!this.#accepts(bytes.toString("latin1"))) return -1;
    return this.#append(bytes, hash, slot);
  }

  /** Copies the bytes of an entry to `at` of the target and returns the place after them. */
  copy(entry: number, target: Uint8Array, at: number): number {
    const from = this.#ends[entry] ?? 0;
    const to = this.#ends[entry + 1] ?? 0;
    const arena = this.#arena;
    let place = at;
    for (let i = from; i < to; i++) target[place++] = arena[i] ?? 0;
    return place;
  }

  #equals(entry: number, source: DataView, from: number, length: number): boolean {
    const start = this.#ends[entry] ?? 0;
    if ((this.#ends[entry + 1] ?? 0) - start !== length) return false;
    const view = this.#view;
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      if (view.getInt32(start + i, true) !== source.getInt32(from + i, true)) return false;
    }
    if (i === length) return true;
    const difference = view.getInt32(start + i, true) ^ source.getInt32(from + i, true);
    return (difference & (-1 >>> (32 - 8 * (length - i)))) === 0;
  }

  #append(bytes: Uint8Array, hash: number, slot: number): number {
    const entry = this.#size;
    const start = this.#ends[entry] ?? 0;
    if (start + bytes.length + PADDING > this.#arena.length) this.#growArena(bytes.length);
    this.#arena.set(bytes, start);
    this.#ends[entry + 1] = start + bytes.length;
    this.#hashes[entry] = hash;
    this.#slots[slot] = entry + 1;
    this.#size++;
    if (this.#size === this.#hashes.length) this.#growEntries();
    return entry;
  }

  #growArena(needed: number): void {
    const arena = new Uint8Array(2 * this.#arena.length + needed);
    arena.set(this.#arena);
    this.#arena = arena;
    this.#view = new DataView(arena.buffer);
  }

  #growEntries(): void {
    const capacity = 2 * this.#hashes.length;
    const hashes = new Uint32Array(capacity);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    const ends = new Uint32Array(capacity + 1);
    ends.set(this.#ends);
    this.#ends = ends;
    const slots = new Uint32Array(2 * capacity);
    const mask = slots.length - 1;
    for (let entry = 0; entry < this.#size; entry++) {
      let slot = (hashes[entry] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
    this.#slots = slots;
  }
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
