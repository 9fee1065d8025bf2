import { randomFillSync } from "node:crypto";
import { isAddressAt } from "./address.js";
import { AddressPage, PAGE_BITS, PAGE_UNITS } from "./address-page.js";

/** `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`: no address is longer. */
const MAX_ADDRESS_BYTES = 45;

const SHARDS = 256;
const FIRST_SLOTS = 16;

interface Shard {
  /** Pairs of hash and place, found by linear probing. Place 0 is an empty slot. A power of two of pairs. */
  slots: Int32Array;
  used: number;
}

/**
 * The set of addresses seen, in order of first appearance. It is all that grows with a graph, hence bytes in typed
 * arrays: 30 to 40 bytes for an IPv4 address.
 *
 * - An address is its text as written: `2001:DB8::1` and `2001:db8::1` are two nodes.
 * - It holds nothing but addresses, so only the first sighting of each has to be validated.
 * - Hashed by simple tabulation with tables drawn at random: nobody can prepare addresses that collide, and linear
 *   probing stays constant-time (Pătraşcu and Thorup, "The Power of Simple Tabulation Hashing", 2012).
 * - Split into shards by hash, so that no single growth takes long; the texts lie in pages that never move.
 */
export class AddressTable {
  size = 0;
  readonly #tabulation = randomFillSync(new Int32Array(MAX_ADDRESS_BYTES << 7));
  readonly #shards = Array.from({ length: SHARDS }, (): Shard => ({
    slots: new Int32Array(2 * FIRST_SLOTS),
    used: 0,
  }));
  readonly #pages: AddressPage[] = [];

  /** Adds what is not there yet. False when it is no address: it is not added then. */
  add(view: DataView, from: number, to: number): boolean {
    if (to - from > MAX_ADDRESS_BYTES) return false;
    let hash = 0;
    for (let at = from, row = 0; at < to; at++, row += 128) {
      const byte = view.getUint8(at);
      if (byte > 127) return false;
      hash ^= this.#tabulation[row | byte] ?? 0;
    }
    // The mask keeps the index within bounds, here and below.
    const shard = this.#shards[hash >>> 24];
    if (shard === undefined) return false;
    const { slots } = shard;
    const mask = slots.length - 2;
    let slot = (hash << 1) & mask;
    for (;;) {
      const place = slots[slot + 1] ?? 0;
      if (place === 0) break;
      if (slots[slot] === hash && this.#isAt(place, view, from, to)) return true;
      slot = (slot + 2) & mask;
    }
    if (!isAddressAt(view, from, to)) return false;
    slots[slot] = hash;
    slots[slot + 1] = this.#append(view, from, to);
    this.size++;
    shard.used++;
    if (shard.used * 8 > slots.length * 3) shard.slots = grown(slots);
    return true;
  }

  /** All addresses, in order of first appearance, some thousands in each page. */
  pages(): readonly AddressPage[] {
    return this.#pages;
  }

  #isAt(place: number, view: DataView, from: number, to: number): boolean {
    const id = place - 1;
    return this.#pages[id >>> PAGE_BITS]?.isAt(id & (PAGE_UNITS - 1), view, from, to) ?? false;
  }

  #append(view: DataView, from: number, to: number): number {
    let page = this.#pages.at(-1);
    if (page === undefined || !page.hasRoom(to - from)) {
      page = new AddressPage();
      this.#pages.push(page);
    }
    return (((this.#pages.length - 1) << PAGE_BITS) | page.append(view, from, to)) + 1;
  }
}

/** The same pairs in twice the slots. */
function grown(slots: Int32Array): Int32Array {
  const larger = new Int32Array(2 * slots.length);
  const mask = larger.length - 2;
  for (let from = 0; from < slots.length; from += 2) {
    const hash = slots[from] ?? 0;
    const place = slots[from + 1] ?? 0;
    if (place === 0) continue;
    let slot = (hash << 1) & mask;
    while (larger[slot + 1] !== 0) slot = (slot + 2) & mask;
    larger[slot] = hash;
    larger[slot + 1] = place;
  }
  return larger;
}
