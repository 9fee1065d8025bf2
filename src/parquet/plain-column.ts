import type { Chunk } from "./chunk.js";
import { withRoom } from "../flow-log/room.js";

const WORD = 2 ** 32;
const VALUE_BYTES = 8;

/** A column of 64-bit numbers, none of them null, as they are. */
export class PlainColumn {
  #words = new Uint32Array(0);
  /** What was taken last, to be filled again. */
  #taken = new Uint32Array(0);
  readonly #ordered: boolean;
  #rows = 0;
  /** The rows of the least and the greatest value so far, where the range is told. */
  #min = 0;
  #max = 0;

  /** @param ordered whether the range is worth telling */
  constructor(ordered: boolean) {
    this.#ordered = ordered;
  }

  /** @param words two for each value, the low one first */
  append(words: Uint32Array, from: number, to: number): void {
    this.#reserve(to - from);
    this.#words.set(words.subarray(2 * from, 2 * to), 2 * this.#rows);
    this.#rows += to - from;
    this.#compare(this.#rows - (to - from));
  }

  /** Whole seconds below 2^53, as milliseconds. */
  appendSeconds(seconds: Float64Array, from: number, to: number): void {
    this.#reserve(to - from);
    const words = this.#words;
    for (let i = from, low = 2 * this.#rows; i < to; i++, low += 2) {
      const second = seconds[i] ?? 0;
      const product = second * 1000;
      if (product <= Number.MAX_SAFE_INTEGER) {
        words[low] = product;
        words[low + 1] = product / WORD;
      } else {
        // In two parts it is exact.
        const part = (second % WORD) * 1000;
        words[low] = part;
        words[low + 1] = Math.floor(second / WORD) * 1000 + Math.floor(part / WORD);
      }
    }
    this.#rows += to - from;
    this.#compare(this.#rows - (to - from));
  }

  /** The rows so far as a chunk, valid until the next is taken, and begins anew. */
  take(): Chunk {
    const rows = this.#rows;
    const chunk = {
      rows,
      nulls: 0,
      dictionary: undefined,
      data: this.#bytes(0, rows),
      range: this.#ordered && rows > 0 ? this.#range() : undefined,
      compress: true,
    };
    this.#rows = 0;
    [this.#words, this.#taken] = [this.#taken, this.#words];
    return chunk;
  }

  #reserve(rows: number): void {
    this.#words = withRoom(this.#words, 2 * (this.#rows + rows));
  }

  /** Takes the rows from `first` on into the range: a column is long, and its batches come one at a time. */
  #compare(first: number): void {
    if (!this.#ordered) return;
    if (first === 0) this.#min = this.#max = 0;
    const words = this.#words;
    let [min, max] = [this.#min, this.#max];
    let [minLow = 0, minHigh = 0] = [words[2 * min], words[2 * min + 1]];
    let [maxLow = 0, maxHigh = 0] = [words[2 * max], words[2 * max + 1]];
    for (let row = first; row < this.#rows; row++) {
      const low = words[2 * row] ?? 0;
      const high = words[2 * row + 1] ?? 0;
      if (high < minHigh || (high === minHigh && low < minLow)) [min, minLow, minHigh] = [row, low, high];
      if (high > maxHigh || (high === maxHigh && low > maxLow)) [max, maxLow, maxHigh] = [row, low, high];
    }
    [this.#min, this.#max] = [min, max];
  }

  #range(): Chunk["range"] {
    const [min, max] = [this.#min, this.#max];
    return { min: this.#bytes(min, min + 1).slice(), max: this.#bytes(max, max + 1).slice() };
  }

  #bytes(from: number, to: number): Uint8Array {
    return new Uint8Array(this.#words.buffer, from * VALUE_BYTES, (to - from) * VALUE_BYTES);
  }
}
