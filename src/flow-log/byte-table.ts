import { randomFillSync } from "node:crypto";
import { BytePage, PAGE_BITS, PAGE_UNITS } from "./byte-page.js";

const SHARDS = 256;
const FIRST_SLOTS = 16;
const RECENT_BITS = 13;
/** What the cheap hash of a text is made of: its last bytes, in which texts differ most. */
const TAIL_BYTES = 8;
/** The high bits of four bytes. */
const NOT_ASCII = 0x80808080 | 0;

interface Shard {
  /** Pairs of hash and number + 1, found by linear probing. 0 is an empty slot. A power of two of pairs. */
  slots: Int32Array;
  used: number;
}

/**
 * Numbers the distinct texts it is shown, ASCII of 1 to 256 bytes. A number is below 2^31 and greater than all before
 * it: it tells the place of the text. Nothing is ever removed. Bytes in typed arrays, which the garbage collector never
 * walks: 30 to 40 for an IPv4 address.
 *
 * - A text is its bytes: `2001:DB8::1` and `2001:db8::1` are two.
 * - It holds nothing but what was accepted, so only the first sighting of each has to be validated.
 * - Hashed by simple tabulation with tables drawn at random: nobody can prepare texts that collide, and linear
 *   probing stays constant-time (Pătraşcu and Thorup, "The Power of Simple Tabulation Hashing", 2012).
 * - Split into shards by hash, so that no single growth takes long; the texts lie in pages that never move.
 */
export class ByteTable {
  size = 0;
  /** While set, it gathers the numbers of the texts that are interned. */
  noted: Set<number> | undefined;
  readonly #accepts: (view: DataView, from: number, to: number) => boolean;
  readonly #maxBytes: number;
  readonly #tabulation: Int32Array;
  readonly #shards = Array.from({ length: SHARDS }, (): Shard => ({
    slots: new Int32Array(2 * FIRST_SLOTS),
    used: 0,
  }));
  readonly #pages: BytePage[] = [];
  /**
   * Number + 1 of a text seen lately, by a cheap hash: traffic repeats itself, and most texts are found here in half the
   * time. Texts prepared to collide here take the time of the table.
   */
  readonly #recent = new Int32Array(1 << RECENT_BITS);

  /**
   * @param accepts is asked before a text is added
   * @param maxBytes of a text, at most 256
   */
  constructor(accepts: (view: DataView, from: number, to: number) => boolean, maxBytes: number) {
    this.#accepts = accepts;
    this.#maxBytes = maxBytes;
    this.#tabulation = randomFillSync(new Int32Array(maxBytes << 7));
  }

  /** The number of this text, which is added where it isn't there yet; -1 when it isn't acceptable. */
  intern(view: DataView, from: number, to: number): number {
    const number = this.#intern(view, from, to);
    if (this.noted !== undefined) this.noted.add(number);
    return number;
  }

  #intern(view: DataView, from: number, to: number): number {
    if (to - from < TAIL_BYTES) return this.#find(view, from, to);
    const tail = Math.imul(view.getInt32(to - 4, true), 0x9e3779b1) ^ view.getInt32(to - 8, true);
    const recent = Math.imul(tail, 0x85ebca6b) >>> (32 - RECENT_BITS);
    const last = (this.#recent[recent] ?? 0) - 1;
    if (last >= 0 && this.#isAt(last, view, from, to)) return last;
    const number = this.#find(view, from, to);
    this.#recent[recent] = number + 1;
    return number;
  }

  #find(view: DataView, from: number, to: number): number {
    if (to - from > this.#maxBytes) return -1;
    const tabulation = this.#tabulation;
    let hash = 0;
    let seen = 0;
    let at = from;
    let row = 0;
    for (; at + 4 <= to; at += 4, row += 512) {
      const word = view.getInt32(at, true);
      seen |= word;
      hash ^=
        (tabulation[row | (word & 127)] ?? 0) ^
        (tabulation[row | 128 | ((word >> 8) & 127)] ?? 0) ^
        (tabulation[row | 256 | ((word >> 16) & 127)] ?? 0) ^
        (tabulation[row | 384 | ((word >> 24) & 127)] ?? 0);
    }
    for (; at < to; at++, row += 128) {
      const byte = view.getUint8(at);
      seen |= byte;
      hash ^= tabulation[row | (byte & 127)] ?? 0;
    }
    if ((seen & NOT_ASCII) !== 0) return -1;
    // The mask keeps the index within bounds, here and below.
    const shard = this.#shards[hash >>> 24];
    if (shard === undefined) return -1;
    const { slots } = shard;
    const mask = slots.length - 2;
    let slot = (hash << 1) & mask;
    for (;;) {
      const number = (slots[slot + 1] ?? 0) - 1;
      if (number === -1) break;
      if (slots[slot] === hash && this.#isAt(number, view, from, to)) return number;
      slot = (slot + 2) & mask;
    }
    if (from === to || !this.#accepts(view, from, to)) return -1;
    const number = this.#append(view, from, to);
    slots[slot] = hash;
    slots[slot + 1] = number + 1;
    this.size++;
    shard.used++;
    if (shard.used * 8 > slots.length * 3) shard.slots = grown(slots);
    return number;
  }

  /** Copies the text of a number as `copyBytes` does. */
  copy(number: number, target: DataView, at: number): number {
    const page = this.#pages[number >>> PAGE_BITS];
    if (page === undefined) throw new RangeError(`no text has the number ${number}`);
    return page.copy(number & (PAGE_UNITS - 1), target, at);
  }

  /** All texts, in order of first appearance, some thousands in each page. */
  pages(): readonly BytePage[] {
    return this.#pages;
  }

  #isAt(number: number, view: DataView, from: number, to: number): boolean {
    return this.#pages[number >>> PAGE_BITS]?.isAt(number & (PAGE_UNITS - 1), view, from, to) ?? false;
  }

  #append(view: DataView, from: number, to: number): number {
    let page = this.#pages.at(-1);
    if (page === undefined || !page.hasRoom(to - from)) {
      page = new BytePage();
      this.#pages.push(page);
    }
    return ((this.#pages.length - 1) << PAGE_BITS) | page.append(view, from, to);
  }
}

/** The same pairs in twice the slots. */
function grown(slots: Int32Array): Int32Array {
  const larger = new Int32Array(2 * slots.length);
  const mask = larger.length - 2;
  for (let from = 0; from < slots.length; from += 2) {
    const hash = slots[from] ?? 0;
    const entry = slots[from + 1] ?? 0;
    if (entry === 0) continue;
    let slot = (hash << 1) & mask;
    while (larger[slot + 1] !== 0) slot = (slot + 2) & mask;
    larger[slot] = hash;
    larger[slot + 1] = entry;
  }
  return larger;
}
