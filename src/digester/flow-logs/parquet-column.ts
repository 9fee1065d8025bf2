import { type FieldColumn, NONE, ODD, type TextCoder, UNKNOWN } from "../../flow-log/field-column.js";
import { viewOf } from "../../flow-log/data-view.js";
import { readDecimal } from "../../flow-log/decimal.js";
import { RecordError } from "../../flow-log/record.js";
import { withRoom } from "../../flow-log/room.js";
import type { FlowColumn } from "./parquet-columns.js";
import { type Chunk, ColumnPages } from "./parquet-pages.js";
import { asIs, isText } from "./parquet-types.js";
import { Integers, type StoredValues, Texts } from "./parquet-stored.js";

/** Where the usual numbers end: all of fifteen digits are exact. */
const END_OF_USUAL = 1e15;
const SPACE = 0x20;
const DASH = viewOf(Buffer.from("-"));

/** A column of a Parquet file, a page at a time. What a value stands for is found out once for each that a dictionary has. */
export class ParquetColumn implements FieldColumn {
  readonly block: Float64Array;
  readonly #column: FlowColumn;
  readonly #coder: TextCoder | undefined;
  readonly #pages: ColumnPages;
  readonly #isText: boolean;
  #values: StoredValues | undefined;
  /** For each row of the page the place of its value, as a page tells it, and for each place what is there. */
  #places: Uint32Array | undefined;
  #codes: Float64Array = new Float64Array(0);
  #allKnown = false;
  #rows = 0;
  /** Where the block begins, and the next one. */
  #first = 0;
  #next = 0;

  /**
   * @param coder undefined for a field of numbers
   * @param rows of a block, at most
   */
  constructor(column: FlowColumn, coder: TextCoder | undefined, rows: number) {
    this.block = new Float64Array(rows);
    this.#column = column;
    this.#coder = coder;
    this.#pages = new ColumnPages(column.element);
    this.#isText = isText(column.element);
  }

  /** Rows of the page that aren't in a block yet. */
  get left(): number {
    return this.#rows - this.#next;
  }

  /** Values that are in memory. */
  get held(): number {
    return this.#pages.held + this.#rows;
  }

  /** Goes on with another row group. */
  begin(chunk: Chunk): void {
    this.#pages.begin(chunk);
    this.#values = undefined;
    this.#next = 0;
    this.#rows = 0;
  }

  /**
   * Goes on with the next page, when no row is left of the last.
   *
   * @param room for so many values
   * @throws Error when it is damaged or beyond the bounds
   */
  async turn(room: number): Promise<void> {
    this.#next = 0;
    this.#rows = 0;
    const { rows, values, places } = await this.#pages.next(room);
    if (values !== this.#values) {
      this.#values = values;
      this.#forget(values);
    }
    this.#places = places;
    this.#rows = rows;
  }

  /** Makes the next rows of the page, which are there, a block. */
  take(rows: number): void {
    const { block } = this;
    const places = this.#places;
    const codes = this.#codes;
    const first = this.#next;
    this.#first = first;
    this.#next += rows;
    if (places === undefined) block.set(codes.subarray(first, first + rows));
    else for (let row = 0; row < rows; row++) block[row] = codes[places[first + row] ?? 0] ?? ODD;
    // Texts are numbered in the order of the rows that have them, when they are taken.
    if (this.#allKnown || this.#coder !== undefined) return;
    for (let row = 0; row < rows; row++) if (block[row] === UNKNOWN) block[row] = this.look(row);
  }

  look(row: number): number {
    const place = this.#placeOf(row);
    const known = this.#codes[place] ?? UNKNOWN;
    return known === UNKNOWN ? (this.#codes[place] = this.#code(place)) : known;
  }

  /**
   * The value of a row of the block as it would stand in a line of text.
   *
   * @throws RecordError when it can't
   */
  word(row: number): string {
    return wordOf(this.#value(this.#placeOf(row)));
  }

  #placeOf(row: number): number {
    const at = this.#first + row;
    return this.#places === undefined ? at : (this.#places[at] ?? at);
  }

  /** @throws RecordError when it is none of a flow log */
  #value(place: number): ReturnType<FlowColumn["read"]> {
    return this.#column.read(this.#values?.at(place) ?? null);
  }

  #forget(values: StoredValues): void {
    const count = values.length + 1;
    this.#codes = withRoom(this.#codes, count);
    const isUsual = values instanceof Integers && this.#coder === undefined && this.#column.read === asIs;
    this.#allKnown = isUsual;
    if (isUsual) readIntegers(values, this.#codes);
    else this.#codes.fill(UNKNOWN, 0, count);
  }

  #code(place: number): number {
    const coder = this.#coder;
    const values = this.#values;
    // Of text nothing is copied: what can't be in a line has no number.
    if (coder !== undefined && this.#isText && values instanceof Texts && place < values.length) {
      const start = values.starts[place] ?? 0;
      const end = values.ends[place] ?? 0;
      return start === end ? coder(DASH, 0, 1) : coder(values.view, start, end);
    }
    try {
      const value = this.#value(place);
      if (coder === undefined) return numberOf(value);
      const word = Buffer.from(wordOf(value));
      return coder(viewOf(word), 0, word.length);
    } catch {
      // Whoever takes the row as text fails likewise, and says where.
      return ODD;
    }
  }
}

function readIntegers({ view, offset, bytes, length }: Integers, codes: Float64Array): void {
  for (let index = 0, at = offset; index < length; index++, at += bytes) {
    const number =
      bytes === 4
        ? view.getInt32(at, true)
        : view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
    codes[index] = number >= 0 && number < END_OF_USUAL ? number : ODD;
  }
  codes[length] = NONE;
}

function numberOf(value: ReturnType<FlowColumn["read"]>): number {
  if (value === null) return NONE;
  if (value instanceof Uint8Array) {
    const isNone = value.length === 0 || (value.length === 1 && value[0] === DASH.getUint8(0));
    const number = readDecimal(value, 0, value.length);
    return isNone ? NONE : number < 0 ? ODD : number;
  }
  const number = Number(value);
  return number >= 0 && number < END_OF_USUAL ? number : ODD;
}

function wordOf(value: ReturnType<FlowColumn["read"]>): string {
  if (value === null) return "-";
  if (!(value instanceof Uint8Array)) return String(value);
  const text = Buffer.from(value.buffer, value.byteOffset, value.length).toString("utf8");
  // It would be read as two values, or two lines.
  if (value.some((byte) => byte <= SPACE)) {
    throw new RecordError("a value without spaces or control characters", text);
  }
  return text === "" ? "-" : text;
}
