/** Addresses begin at multiples of 8 bytes: a page has so many places, and 31 bits name a place among 16 GiB of pages. */
export const PAGE_BITS = 15;
export const PAGE_UNITS = 1 << PAGE_BITS;

const UNIT_BYTES = 8;
const PAGE_BYTES = PAGE_UNITS * UNIT_BYTES;
/** Whoever copies an address may read so many bytes too many. */
const OVERREAD_BYTES = 8;

/** The texts of some addresses, one after the other, each after a byte that holds its length. */
export class AddressPage {
  readonly #view = new DataView(new ArrayBuffer(PAGE_BYTES + OVERREAD_BYTES));
  #end = 0;

  hasRoom(length: number): boolean {
    return this.#end + 1 + length <= PAGE_BYTES;
  }

  /** @returns the unit it begins at */
  append(view: DataView, from: number, to: number): number {
    const start = this.#end;
    this.#view.setUint8(start, to - from);
    const shift = start + 1 - from;
    for (let at = from; at < to; at++) this.#view.setUint8(at + shift, view.getUint8(at));
    this.#end = nextUnit(to + shift);
    return start / UNIT_BYTES;
  }

  isAt(unit: number, view: DataView, from: number, to: number): boolean {
    const start = unit * UNIT_BYTES;
    if (this.#view.getUint8(start) !== to - from) return false;
    const shift = start + 1 - from;
    let at = from;
    for (; at + 4 <= to; at += 4) {
      if (view.getInt32(at) !== this.#view.getInt32(at + shift)) return false;
    }
    for (; at < to; at++) {
      if (view.getUint8(at) !== this.#view.getUint8(at + shift)) return false;
    }
    return true;
  }

  forEach(visit: (view: DataView, from: number, to: number) => void): void {
    for (let start = 0; start < this.#end;) {
      const from = start + 1;
      const to = from + this.#view.getUint8(start);
      visit(this.#view, from, to);
      start = nextUnit(to);
    }
  }
}

function nextUnit(at: number): number {
  return (at + UNIT_BYTES - 1) & -UNIT_BYTES;
}
