import { mix } from "../flow-log/secret-hash.js";
import { larger, moreRows } from "./capacity.js";

const FIRST_SLOTS = 2048;

/**
 * Numbers distinct triples of 32-bit numbers in order of first appearance, from 0. Open addressing with linear probing,
 * at most half full: 20 to 28 bytes a triple.
 */
export class Triples {
  size = 0;
  a: Int32Array;
  b: Int32Array;
  c: Int32Array;
  /** The triple's number + 1; 0 is free. */
  #slots = new Int32Array(FIRST_SLOTS);

  /** @param expected so many triples, if so many come, are taken without growing */
  constructor(expected = 0) {
    const rows = Math.max(expected, moreRows(0));
    this.a = new Int32Array(rows);
    this.b = new Int32Array(rows);
    this.c = new Int32Array(rows);
  }

  /** The number of the triple, which is `size` before when it is new. */
  add(a: number, b: number, c: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hashTriple(a, b, c) & mask;
    for (;;) {
      const found = (slots[slot] ?? 0) - 1;
      if (found < 0) break;
      if (this.a[found] === a && this.b[found] === b && this.c[found] === c) return found;
      slot = (slot + 1) & mask;
    }
    const row = this.push(a, b, c);
    slots[slot] = row + 1;
    if (2 * this.size > slots.length) this.#grow();
    return row;
  }

  /** Writes the number of each of the first so many triples to `rows`. */
  addAll(a: Int32Array, b: Int32Array, c: Int32Array, count: number, rows: Int32Array): void {
    for (let i = 0; i < count; i++) rows[i] = this.add(a[i] ?? 0, b[i] ?? 0, c[i] ?? 0);
  }

  /** As `addAll`, with `push`. */
  pushAll(a: Int32Array, b: Int32Array, c: Int32Array, count: number, rows: Int32Array): void {
    for (let i = 0; i < count; i++) rows[i] = this.push(a[i] ?? 0, b[i] ?? 0, c[i] ?? 0);
  }

  /** Adds a triple that may be there already. Nothing can be found any more among those that come after it. */
  push(a: number, b: number, c: number): number {
    const row = this.size++;
    if (row === this.a.length) this.#makeRoom();
    this.a[row] = a;
    this.b[row] = b;
    this.c[row] = c;
    return row;
  }

  /** The number of the triple, or -1. */
  find(a: number, b: number, c: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hashTriple(a, b, c) & mask; ; slot = (slot + 1) & mask) {
      const found = (slots[slot] ?? 0) - 1;
      if (found < 0 || (this.a[found] === a && this.b[found] === b && this.c[found] === c)) return found;
    }
  }

  #makeRoom(): void {
    const rows = moreRows(this.a.length);
    this.a = larger(this.a, new Int32Array(rows));
    this.b = larger(this.b, new Int32Array(rows));
    this.c = larger(this.c, new Int32Array(rows));
  }

  #grow(): void {
    // Those that are expected need no second time.
    const length = 2 ** Math.ceil(Math.log2(2 * Math.max(this.a.length, this.size)));
    const slots = new Int32Array(length);
    const mask = slots.length - 1;
    for (let row = 0; row < this.size; row++) {
      let slot = hashTriple(this.a[row] ?? 0, this.b[row] ?? 0, this.c[row] ?? 0) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = row + 1;
    }
    this.#slots = slots;
  }
}

function hashTriple(a: number, b: number, c: number): number {
  const hash = mix(mix(mix(0, c, 0), a, 1), b, 2);
  return hash ^ (hash >>> 15);
}
