import type { CompressionCodec, PageHeader, SchemaElement } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { viewOf } from "../../flow-log/data-view.js";
import type { DecodedColumn } from "../../parquet/decoded-column.js";
import { checkThrift } from "../../parquet/thrift-bounds.js";
import { PageExpander } from "./parquet-codecs.js";
import type { StoredValues } from "./parquet-stored.js";
import { readValues } from "./parquet-values.js";

/** Writers make pages of one MB, or one of a whole row group. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024;
/** A page is a little larger at most for being compressed. */
const MAX_INFLATION = 1.25;
/** Many of these are statistics. */
const MAX_HEADER_VALUES = 1000;
/** Values held at a time, of all columns: 26 columns with a page of a million rows each. */
export const MAX_HELD_VALUES = 26 * 1024 * 1024;
const MAX_PAGE_VALUES = 4 * 1024 * 1024;
const MAX_INDEX_BITS = 24;

/** A column of one row group. */
export interface Chunk {
  readonly bytes: Uint8Array;
  readonly codec: CompressionCodec;
  readonly rows: number;
}

/** Some rows of a column. */
export interface Page {
  readonly rows: number;
  /** Of which rows have those of their indices, or one after the other. A dictionary is the same for all pages. */
  readonly values: StoredValues;
  readonly isIndexed: boolean;
}

/**
 * The pages of a flat column, one after the other, of one row group after the other. What a header claims is checked
 * against the bytes there are and the bounds before anything is allocated for it. Which of its values rows have goes into
 * the column that decodes it. Memory is used again: a page is valid until the next is read.
 */
export class ColumnPages {
  readonly #element: SchemaElement;
  readonly #decoded: DecodedColumn;
  readonly #dictionaries = new PageExpander();
  readonly #pages = new PageExpander();
  #chunk: Chunk = { bytes: new Uint8Array(0), codec: "UNCOMPRESSED", rows: 0 };
  #reader = { view: viewOf(this.#chunk.bytes), offset: 0 };
  #dictionary: StoredValues | undefined;
  #rows = 0;

  constructor(element: SchemaElement, decoded: DecodedColumn) {
    this.#element = element;
    this.#decoded = decoded;
  }

  /** Values that are kept for the pages to come. */
  get held(): number {
    return this.#dictionary?.length ?? 0;
  }

  /** Goes on with another row group. */
  begin(chunk: Chunk): void {
    this.#chunk = chunk;
    this.#reader = { view: viewOf(chunk.bytes), offset: 0 };
    this.#dictionary = undefined;
    this.#rows = 0;
  }

  /**
   * The next page that has any rows. To be called while rows are missing.
   *
   * @param room for so many values
   * @throws Error when it is damaged or beyond the bounds
   */
  async next(room: number): Promise<Page> {
    const max = Math.min(room, MAX_PAGE_VALUES);
    for (;;) {
      const { view, offset } = this.#reader;
      if (offset >= view.byteLength) {
        throw new RangeError(`pages of ${this.#rows} rows instead of ${this.#chunk.rows}`);
      }
      checkThrift(view, offset, MAX_HEADER_VALUES);
      const header = parquetHeader(this.#reader);
      const page = this.#take(header);
      if (header.type === "DICTIONARY_PAGE") {
        const count = whole(header.dictionary_page_header?.num_values, max, "values in a dictionary");
        if (this.#dictionary !== undefined) throw new Error("a second dictionary");
        const { codec } = this.#chunk;
        const bytes = await this.#dictionaries.expand(codec, page, header.uncompressed_page_size);
        this.#dictionary = this.#values(bytes, "PLAIN", count);
      } else if (header.type !== "INDEX_PAGE") {
        const left = this.#chunk.rows - this.#rows;
        const { num_values } = header.data_page_header ?? header.data_page_header_v2 ?? {};
        const rows = whole(num_values, Math.min(max, left), "values in a page");
        const found = await this.#data(header, page, rows);
        this.#rows += rows;
        if (rows > 0) return found;
      }
    }
  }

  /** The bytes of a page, as they are in the file. */
  #take({ compressed_page_size, uncompressed_page_size }: PageHeader): Uint8Array {
    const { view, offset } = this.#reader;
    const size = whole(compressed_page_size, view.byteLength - offset, "bytes in a page");
    const expanded = whole(uncompressed_page_size, MAX_PAGE_BYTES, "bytes in a page");
    if (size > expanded * MAX_INFLATION + 1024) throw new RangeError(`${expanded} bytes in ${size}`);
    this.#reader.offset += size;
    return this.#chunk.bytes.subarray(offset, offset + size);
  }

  async #data(header: PageHeader, page: Uint8Array, rows: number): Promise<Page> {
    const optional = this.#element.repetition_type === "OPTIONAL";
    const { data_page_header: first, data_page_header_v2: second, uncompressed_page_size: size } = header;
    const { codec } = this.#chunk;
    if (first !== undefined) {
      const bytes = await this.#pages.expand(codec, page, size);
      if (!optional) return this.#placed(bytes, first.encoding, rows, undefined);
      if (first.definition_level_encoding !== "RLE") throw new Error("levels that aren't RLE");
      const end = 4 + whole(viewOf(bytes).getUint32(0, true), bytes.length - 4, "bytes of levels");
      return this.#placed(bytes.subarray(end), first.encoding, rows, bytes.subarray(4, end));
    }
    if (second === undefined) throw new Error("a page of an unknown kind");
    const repetition = whole(second.repetition_levels_byte_length, 0, "bytes of repetition levels");
    const end = repetition + whole(second.definition_levels_byte_length, page.length, "bytes of levels");
    const packed = page.subarray(end);
    const bytes =
      second.is_compressed === false
        ? packed
        : await this.#pages.expand(codec, packed, whole(size - end, size, "bytes"));
    return this.#placed(bytes, second.encoding, rows, optional ? page.subarray(0, end) : undefined);
  }

  #placed(bytes: Uint8Array, encoding: string, rows: number, levels: Uint8Array | undefined): Page {
    const count = this.#decoded.beginPage(rows, levels);
    if (encoding !== "PLAIN_DICTIONARY" && encoding !== "RLE_DICTIONARY") {
      return { rows, values: this.#values(bytes, encoding, count), isIndexed: false };
    }
    const values = this.#dictionary;
    if (values === undefined) throw new Error("a page before its dictionary");
    const bits = count === 0 ? 0 : viewOf(bytes).getUint8(0);
    if (bits > MAX_INDEX_BITS) throw new RangeError(`numbers of ${bits} bits`);
    this.#decoded.putIndices(bytes.subarray(1), bits, count);
    return { rows, values, isIndexed: true };
  }

  #values(bytes: Uint8Array, encoding: string, count: number): StoredValues {
    const { type, type_length: length } = this.#element;
    if (type === undefined) throw new Error("a column without a type");
    const values = readValues({ view: viewOf(bytes), offset: 0 }, encoding, count, { type, length });
    if (values.length !== count) throw new RangeError(`${values.length} values instead of ${count}`);
    return values;
  }
}

/** A number of a header, which may be anything. */
function whole(value: number | undefined, max: number, what: string): number {
  if (value !== undefined && Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new RangeError(`${value} ${what}, more than ${max}`);
}
