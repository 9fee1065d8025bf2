import { copyBytes, OVERRUN_BYTES } from "./data-view.js";

/** Texts begin at multiples of 8 bytes: a page has so many places, and 31 bits name a place among 16 GiB of pages. */
export const PAGE_BITS = 15;
export const PAGE_UNITS = 1 << PAGE_BITS;

const UNIT_BYTES = 8;
const PAGE_BYTES = PAGE_UNITS * UNIT_BYTES;

/** Some texts of 1 to 256 bytes, one after the other, each after a byte that holds its length less one. */
export class BytePage {
  readonly #view = new DataView(new ArrayBuffer(PAGE_BYTES + OVERRUN_BYTES));
  #end = 0;

  hasRoom(length: number): boolean {
    return this.#end + 1 + length <= PAGE_BYTES;
  }

  /** @returns the unit it begins at */
  append(view: DataView, from: number, to: number): number {
    const start = this.#end;
    this.#view.setUint8(start, to - from - 1);
    const shift = start + 1 - from;
    for (let at = from; at < to; at++) this.#view.setUint8(at + shift, view.getUint8(at));
    this.#end = nextUnit(to + shift);
    return start / UNIT_BYTES;
  }

  isAt(unit: number, view: DataView, from: number, to: number): boolean {
    const start = unit * UNIT_BYTES;
    if (this.#view.getUint8(start) !== to - from - 1) return false;
    const shift = start + 1 - from;
    const lastWord = to - 4;
    let at = from;
    for (; at < lastWord; at += 4) {
      if (view.getInt32(at, true) !== this.#view.getInt32(at + shift, true)) return false;
    }
    // The last word overlaps the one before it, which is faster than single bytes.
    if (lastWord >= from) {
      return view.getInt32(lastWord, true) === this.#view.getInt32(lastWord + shift, true);
    }
    for (; at < to; at++) {
      if (view.getUint8(at) !== this.#view.getUint8(at + shift)) return false;
    }
    return true;
  }

  /** Copies as `copyBytes` does. */
  copy(unit: number, target: DataView, at: number): number {
    const start = unit * UNIT_BYTES;
    const from = start + 1;
    return copyBytes(target, at, this.#view, from, from + this.#view.getUint8(start) + 1);
  }

  forEach(visit: (view: DataView, from: number, to: number) => void): void {
    for (let start = 0; start < this.#end;) {
      const from = start + 1;
      const to = from + this.#view.getUint8(start) + 1;
      visit(this.#view, from, to);
      start = nextUnit(to);
    }
  }
}

function nextUnit(at: number): number {
  return (at + UNIT_BYTES - 1) & -UNIT_BYTES;
}
