/** Those rows that a column has a value for. */
interface Some {
  readonly column: Uint8Array;
  readonly value: number;
}

/** Rows by a number that each has: one array, in which those with the same number lie side by side, in their order. */
export class RowsByKey {
  readonly #rows: Int32Array;
  readonly #from: Uint32Array;

  /**
   * @param keys by row, from 0 and below `size`
   * @param some undefined: all rows
   */
  constructor(keys: Int32Array, size: number, some?: Some) {
    this.#from = new Uint32Array(size + 1);
    for (let row = 0; row < keys.length; row++) {
      if (some !== undefined && some.column[row] !== some.value) continue;
      const key = keys[row] ?? 0;
      this.#from[key + 1] = (this.#from[key + 1] ?? 0) + 1;
    }
    for (let key = 0; key < size; key++) {
      this.#from[key + 1] = (this.#from[key + 1] ?? 0) + (this.#from[key] ?? 0);
    }
    const next = this.#from.slice();
    this.#rows = new Int32Array(this.#from[size] ?? 0);
    for (let row = 0; row < keys.length; row++) {
      if (some !== undefined && some.column[row] !== some.value) continue;
      const key = keys[row] ?? 0;
      const at = next[key] ?? 0;
      this.#rows[at] = row;
      next[key] = at + 1;
    }
  }

  of(key: number): Int32Array {
    return this.#rows.subarray(this.#from[key], this.#from[key + 1]);
  }

  sizeOf(key: number): number {
    return (this.#from[key + 1] ?? 0) - (this.#from[key] ?? 0);
  }
}
