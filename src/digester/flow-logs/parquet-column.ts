import { NONE, ODD, UNKNOWN } from "../../flow-log/codes.js";
import type { FieldColumn, TextCoder } from "../../flow-log/field-column.js";
import { viewOf } from "../../flow-log/data-view.js";
import { readDecimal } from "../../flow-log/decimal.js";
import { RecordError } from "../../flow-log/record.js";
import type { ColumnMemory } from "../../parquet/column-memory.js";
import { DecodedColumn } from "../../parquet/decoded-column.js";
import { nextTurn, turnIsOver } from "../../turn.js";
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
  readonly #decoded: DecodedColumn;
  readonly #pages: ColumnPages;
  readonly #isText: boolean;
  #values: StoredValues | undefined;
  #allKnown = false;
  /** Rows of the page that aren't in a block yet. */
  #left = 0;

  /**
   * @param coder undefined for a field of numbers
   * @param block to put codes into, one for each row that is taken at a time at most
   */
  constructor(column: FlowColumn, coder: TextCoder | undefined, memory: ColumnMemory, block: Float64Array) {
    this.block = block;
    this.#column = column;
    this.#coder = coder;
    this.#decoded = new DecodedColumn(memory, block.length);
    this.#pages = new ColumnPages(column.element, this.#decoded);
    this.#isText = isText(column.element);
  }

  get left(): number {
    return this.#left;
  }

  /** Values that are in memory. */
  get held(): number {
    return this.#pages.held + this.#left;
  }

  /** Goes on with another row group. */
  begin(chunk: Chunk): void {
    this.#pages.begin(chunk);
    this.#values = undefined;
    this.#left = 0;
  }

  /**
   * Goes on with the next page, when no row is left of the last.
   *
   * @param room for so many values
   * @throws Error when it is damaged or beyond the bounds
   */
  async turn(room: number): Promise<void> {
    const { rows, values, isIndexed } = await this.#pages.next(room);
    const isUsual = values instanceof Integers && this.#coder === undefined && this.#column.read === asIs;
    if (isUsual && !isIndexed) {
      this.#decoded.takeIntegers(values.bytes, values.each);
    } else {
      if (values !== this.#values) {
        if (isUsual) this.#decoded.convertCodes(values.bytes, values.each);
        else await this.#fillCodes(values);
      }
      this.#decoded.takeCodes(values.length, isIndexed);
    }
    this.#values = values;
    // Texts are numbered in the order of the rows that have them, when they are taken.
    this.#allKnown = isUsual || this.#coder !== undefined;
    this.#left = rows;
  }

  /**
   * Makes the next rows of the page, which are there, a block.
   *
   * @throws RangeError when they are damaged
   */
  take(rows: number): void {
    const { block } = this;
    this.#decoded.take(rows, block);
    this.#left -= rows;
    if (this.#allKnown) return;
    for (let row = 0; row < rows; row++) if (block[row] === UNKNOWN) block[row] = this.look(row);
  }

  look(row: number): number {
    const place = this.#decoded.placeAt(row);
    const known = this.#decoded.codeAt(place);
    if (known !== UNKNOWN) return known;
    const code = this.#code(place);
    this.#decoded.setCode(place, code);
    return code;
  }

  /**
   * The value of a row of the block as it would stand in a line of text.
   *
   * @throws RecordError when it can't
   */
  word(row: number): string {
    return wordOf(this.#value(this.#decoded.placeAt(row)));
  }

  /** @throws RecordError when it is none of a flow log */
  #value(place: number): ReturnType<FlowColumn["read"]> {
    return this.#column.read(this.#values?.at(place) ?? null);
  }

  /** Those of texts that were met before; the others are found when a row has them. */
  async #fillCodes(values: StoredValues): Promise<void> {
    this.#decoded.fillCodes(values.length, UNKNOWN);
    const known = this.#coder?.known;
    if (known === undefined || !this.#isText || !(values instanceof Texts)) return;
    for (let place = 0; place < values.length;) {
      const numbers = known.find(values, place);
      this.#decoded.setCodes(place, numbers);
      place += numbers.length;
      if (turnIsOver()) await nextTurn();
    }
  }

  #code(place: number): number {
    const coder = this.#coder;
    const values = this.#values;
    // Of text nothing is copied: what can't be in a line has no number.
    if (coder !== undefined && this.#isText && values instanceof Texts && place < values.length) {
      const start = values.starts[place] ?? 0;
      const end = values.ends[place] ?? 0;
      return start === end ? coder.code(DASH, 0, 1) : coder.code(values.view, start, end);
    }
    try {
      const value = this.#value(place);
      if (coder === undefined) return numberOf(value);
      const word = Buffer.from(wordOf(value));
      return coder.code(viewOf(word), 0, word.length);
    } catch {
      // Whoever takes the row as text fails likewise, and says where.
      return ODD;
    }
  }
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
