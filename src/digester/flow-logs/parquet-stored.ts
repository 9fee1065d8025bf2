/** Values as they are stored. Arrays are such. */
export interface StoredValues {
  readonly length: number;
  /** Undefined for the index behind the last. */
  at(index: number): unknown;
}

/** Bytes, and where in them is read on. */
export interface Reader {
  readonly view: DataView;
  offset: number;
}

/** Whole numbers of 4 or 8 bytes, signed. No number or object is made of any before somebody asks for it. */
export class Integers implements StoredValues {
  readonly each: 4 | 8;
  readonly length: number;
  readonly #view: DataView;

  constructor({ view, offset }: Reader, each: 4 | 8, length: number) {
    this.#view = new DataView(view.buffer, view.byteOffset + offset, each * length);
    this.each = each;
    this.length = length;
  }

  /** As they are stored. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset, this.#view.byteLength);
  }

  at(index: number): number | bigint | undefined {
    if (index >= this.length) return undefined;
    const at = this.each * index;
    return this.each === 4 ? this.#view.getInt32(at, true) : this.#view.getBigInt64(at, true);
  }
}

/** Texts in memory they share. */
export class Texts implements StoredValues {
  readonly view: DataView;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly length: number;

  constructor(view: DataView, count: number) {
    this.view = view;
    this.starts = new Uint32Array(count);
    this.ends = new Uint32Array(count);
    this.length = count;
  }

  at(index: number): Uint8Array | undefined {
    if (index >= this.length) return undefined;
    const start = this.starts[index] ?? 0;
    return new Uint8Array(this.view.buffer, this.view.byteOffset + start, (this.ends[index] ?? 0) - start);
  }

  /** @throws RangeError when there are fewer bytes */
  set(index: number, start: number, length: number): void {
    if (length < 0 || length > this.view.byteLength - start)
      throw new RangeError(`a text of ${length} bytes`);
    this.starts[index] = start;
    this.ends[index] = start + length;
  }
}
