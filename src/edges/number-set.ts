import { withRoom } from "../flow-log/room.js";

/** Some numbers of a table's texts, a bit each. */
export class NumberSet {
  #words = new Uint32Array(0);

  /** True when it wasn't there. */
  add(number: number): boolean {
    const index = number >>> 5;
    const bit = 1 << (number & 31);
    if (index >= this.#words.length) this.#words = withRoom(this.#words, index + 1);
    const word = this.#words[index] ?? 0;
    if ((word & bit) !== 0) return false;
    this.#words[index] = word | bit;
    return true;
  }

  has(number: number): boolean {
    return ((this.#words[number >>> 5] ?? 0) & (1 << (number & 31))) !== 0;
  }
}
