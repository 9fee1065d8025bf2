import type { CompressionCodec, DecodedArray, PageHeader, SchemaElement } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { viewOf } from "../../flow-log/data-view.js";
import { expandPage } from "./parquet-codecs.js";
import { readRuns } from "./parquet-runs.js";
import { readValues } from "./parquet-values.js";
import { checkThrift } from "../../parquet/thrift-bounds.js";

/** Writers make pages of one MB, or one of a whole row group. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024;
/** A page is a little larger at most for being compressed. */
const MAX_INFLATION = 1.25;
/** Many of these are statistics. */
const MAX_HEADER_VALUES = 1000;
/** Values held at a time, of all columns: 26 columns with a page of a million rows each. */
export const MAX_HELD_VALUES = 26 * 1024 * 1024;
const MAX_PAGE_VALUES = 4 * 1024 * 1024;

/** A column of one row group. */
export interface Chunk {
  readonly bytes: ArrayBuffer;
  readonly codec: CompressionCodec;
  readonly rows: number;
}

/**
 * The pages of a flat column of a row group, one after the other. What a header claims is checked against the bytes there
 * are and the bounds before anything is allocated for it.
 */
export class ColumnPages {
  readonly #element: SchemaElement;
  readonly #chunk: Chunk;
  readonly #reader: { readonly view: DataView; offset: number };
  #dictionary: DecodedArray | undefined;
  #rows = 0;

  constructor(element: SchemaElement, chunk: Chunk) {
    this.#element = element;
    this.#chunk = chunk;
    this.#reader = { view: new DataView(chunk.bytes), offset: 0 };
  }

  /** Values that are kept for the pages to come. */
  get held(): number {
    return this.#dictionary?.length ?? 0;
  }

  /**
   * The values of the next page that has any, null where there is none. To be called while rows are missing.
   *
   * @param room for so many values
   * @throws Error when it is damaged or beyond the bounds
   */
  next(room: number): DecodedArray {
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
        this.#dictionary = this.#values(this.#expand(page, header.uncompressed_page_size), "PLAIN", count);
      } else if (header.type !== "INDEX_PAGE") {
        const left = this.#chunk.rows - this.#rows;
        const { num_values } = header.data_page_header ?? header.data_page_header_v2 ?? {};
        const count = whole(num_values, Math.min(max, left), "values in a page");
        const values = this.#data(header, page, count);
        this.#rows += count;
        if (count > 0) return values;
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
    return new Uint8Array(view.buffer, view.byteOffset + offset, size);
  }

  #data(header: PageHeader, page: Uint8Array, count: number): DecodedArray {
    const optional = this.#element.repetition_type === "OPTIONAL";
    const { data_page_header: first, data_page_header_v2: second, uncompressed_page_size: size } = header;
    if (first !== undefined) {
      const bytes = this.#expand(page, size);
      if (!optional) return this.#values(bytes, first.encoding, count);
      if (first.definition_level_encoding !== "RLE") throw new Error("levels that aren't RLE");
      const end = 4 + whole(viewOf(bytes).getUint32(0, true), bytes.length - 4, "bytes of levels");
      return this.#withNulls(bytes.subarray(4, end), bytes.subarray(end), first.encoding, count);
    }
    if (second === undefined) throw new Error("a page of an unknown kind");
    const repetition = whole(second.repetition_levels_byte_length, 0, "bytes of repetition levels");
    const end = repetition + whole(second.definition_levels_byte_length, page.length, "bytes of levels");
    const packed = page.subarray(end);
    const bytes =
      second.is_compressed === false ? packed : this.#expand(packed, whole(size - end, size, "bytes"));
    if (!optional) return this.#values(bytes, second.encoding, count);
    return this.#withNulls(page.subarray(0, end), bytes, second.encoding, count);
  }

  #withNulls(levels: Uint8Array, bytes: Uint8Array, encoding: string, count: number): DecodedArray {
    const present = readRuns({ view: viewOf(levels), offset: 0 }, 1, count);
    let values = 0;
    for (const level of present) values += level;
    const found = this.#values(bytes, encoding, values);
    if (values === count) return found;
    const output: unknown[] = present;
    for (let at = 0, value = 0; at < count; at++) output[at] = present[at] === 0 ? null : found[value++];
    return output;
  }

  #values(bytes: Uint8Array, encoding: string, count: number): DecodedArray {
    const { type, type_length: length } = this.#element;
    if (type === undefined) throw new Error("a column without a type");
    const reader = { view: viewOf(bytes), offset: 0 };
    const values = readValues(reader, encoding, count, { type, length }, this.#dictionary);
    if (values.length !== count) throw new RangeError(`${values.length} values instead of ${count}`);
    return values;
  }

  #expand(page: Uint8Array, size: number): Uint8Array {
    return expandPage(this.#chunk.codec, page, size);
  }
}

/** A number of a header, which may be anything. */
function whole(value: number | undefined, max: number, what: string): number {
  if (value !== undefined && Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new RangeError(`${value} ${what}, more than ${max}`);
}
