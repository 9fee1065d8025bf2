import { NONE } from "../flow-log/codes.js";
import { type ColumnMemory, Piece } from "./column-memory.js";

const [INDEXED, CONSECUTIVE, INT32, INT64] = [0, 1, 2, 3];
/** What `take` answers. */
const DAMAGE = [
  undefined,
  "levels that aren't those of all rows",
  "indices that aren't those of all values",
  "an index beyond the last value",
];
const CODE_BYTES = 8;
const PLACE_BYTES = 4;

/**
 * A column whose pages are decoded some rows at a time. For each row it gives a code, a number that stands for its value, and
 * the value's place in the page or its dictionary. The place behind the last value is that of null.
 */
export class DecodedColumn {
  readonly #memory: ColumnMemory;
  readonly #column: number;
  /** Places of arrays in the memory. */
  readonly #block: number;
  readonly #places: number;
  readonly #levels: Piece;
  /** Indices or integers. */
  readonly #values: Piece;
  readonly #codes: Piece;
  #firstCode = 0;

  /** @param rows that are taken at a time, at most */
  constructor(memory: ColumnMemory, rows: number) {
    this.#memory = memory;
    this.#column = memory.newColumn(rows);
    this.#block = memory.kernel.blockOf(this.#column) / CODE_BYTES;
    this.#places = memory.kernel.placesOf(this.#column) / PLACE_BYTES;
    this.#levels = new Piece(memory);
    this.#values = new Piece(memory);
    this.#codes = new Piece(memory);
  }

  /**
   * Begins a page and tells how many of its rows have a value.
   *
   * @param levels which of them do; undefined where all do
   * @throws RangeError when the levels are damaged
   */
  beginPage(rows: number, levels: Uint8Array | undefined): number {
    const { kernel } = this.#memory;
    kernel.beginPage(this.#column);
    if (levels === undefined) return rows;
    this.#levels.put(levels);
    const { at } = this.#levels;
    const end = at + levels.length;
    const count = kernel.countPresent(at, end, rows);
    if (count < 0) throw new RangeError(`levels that aren't ${rows}`);
    kernel.setLevels(this.#column, at, end, rows);
    return count;
  }

  /** Which values the page's rows have, in the hybrid of runs and packed bits. */
  putIndices(bytes: Uint8Array, width: number, count: number): void {
    this.#values.put(bytes);
    const { at } = this.#values;
    this.#memory.kernel.setIndices(this.#column, at, at + bytes.length, width, count);
  }

  /** Makes room for the codes of so many values and of null, each of which is this one for now. */
  fillCodes(count: number, code: number): void {
    this.#reserveCodes(count);
    this.#memory.doubles.fill(code, this.#firstCode, this.#firstCode + count + 1);
  }

  /** Makes codes of integers, as `takeIntegers` does. */
  convertCodes(integers: Uint8Array, each: 4 | 8): void {
    const count = integers.length / each;
    this.#reserveCodes(count);
    const { kernel, bytes } = this.#memory;
    const { at } = this.#codes;
    // At the end of the room: none is overwritten before it was read.
    const from = at + (CODE_BYTES - each) * count;
    bytes.set(integers, from);
    kernel.convert(from, count, each, at);
    this.setCode(count, NONE);
  }

  codeAt(place: number): number {
    return this.#memory.doubles[this.#firstCode + place] ?? NONE;
  }

  setCode(place: number, code: number): void {
    this.#memory.doubles[this.#firstCode + place] = code;
  }

  setCodes(first: number, codes: Int32Array): void {
    this.#memory.doubles.set(codes, this.#firstCode + first);
  }

  /** The page's rows have values that codes stand for: those of their indices, or one after the other. */
  takeCodes(count: number, isIndexed: boolean): void {
    const kind = isIndexed ? INDEXED : CONSECUTIVE;
    this.#memory.kernel.setValues(this.#column, kind, this.#codes.at, count);
  }

  /** The page's rows have integers one after the other, which are their own codes from 0 up to 10^15; others are `ODD`. */
  takeIntegers(integers: Uint8Array, each: 4 | 8): void {
    this.#values.put(integers);
    const kind = each === 4 ? INT32 : INT64;
    this.#memory.kernel.setValues(this.#column, kind, this.#values.at, integers.length / each);
  }

  /**
   * Decodes the next rows of the page and puts their codes into `block`.
   *
   * @throws RangeError when they are damaged
   */
  take(rows: number, block: Float64Array): void {
    const damage = DAMAGE[this.#memory.kernel.take(this.#column, rows)];
    if (damage !== undefined) throw new RangeError(damage);
    block.set(this.#memory.doubles.subarray(this.#block, this.#block + rows));
  }

  /** The place of the value of a row, of those that were taken last. */
  placeAt(row: number): number {
    return this.#memory.words[this.#places + row] ?? 0;
  }

  #reserveCodes(count: number): void {
    this.#codes.reserve(CODE_BYTES * (count + 1));
    this.#firstCode = this.#codes.at / CODE_BYTES;
  }
}
