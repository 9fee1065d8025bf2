import type { Chunk } from "./chunk.js";
import { withRoom } from "../flow-log/room.js";

const WORD = 2 ** 32;
const VALUE_BYTES = 8;

/** A column of 64-bit numbers, none of them null, as they are. */
export class PlainColumn {
  #words = new Uint32Array(0);
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
    for (let i = from; i < to; i++) {
      const second = seconds[i] ?? 0;
      // The product may be beyond 2^53: in two parts it is exact.
      const low = (second % WORD) * 1000;
      words[2 * this.#rows] = low;
      words[2 * this.#rows + 1] = Math.floor(second / WORD) * 1000 + Math.floor(low / WORD);
      this.#rows++;
    }
    this.#compare(this.#rows - (to - from));
  }

  /** The rows so far as a chunk, valid until the next are appended, and begins anew. */
  take(): Chunk {
    const rows = this.#rows;
    this.#rows = 0;
    return {
      rows,
      nulls: 0,
      dictionary: undefined,
      data: this.#bytes(0, rows),
      range: this.#ordered && rows > 0 ? this.#range() : undefined,
      compress: true,
    };
  }

  #reserve(rows: number): void {
    this.#words = withRoom(this.#words, 2 * (this.#rows + rows));
  }

  /** Takes the rows from `first` on into the range: a column is long, and its batches come one at a time. */
  #compare(first: number): void {
    if (!this.#ordered) return;
    if (first === 0) this.#min = this.#max = 0;
    for (let row = first; row < this.#rows; row++) {
      if (this.#isLess(row, this.#min)) this.#min = row;
      if (this.#isLess(this.#max, row)) this.#max = row;
    }
  }

  #range(): Chunk["range"] {
    const [min, max] = [this.#min, this.#max];
    return { min: this.#bytes(min, min + 1).slice(), max: this.#bytes(max, max + 1).slice() };
  }

  #isLess(a: number, b: number): boolean {
    const words = this.#words;
    const highA = words[2 * a + 1] ?? 0;
    const highB = words[2 * b + 1] ?? 0;
    return highA < highB || (highA === highB && (words[2 * a] ?? 0) < (words[2 * b] ?? 0));
  }

  #bytes(from: number, to: number): Uint8Array {
    return new Uint8Array(this.#words.buffer, from * VALUE_BYTES, (to - from) * VALUE_BYTES);
  }
}
