import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { parquetHeader } from "hyparquet/src/column.js";
import type { ColumnMetaData } from "hyparquet";
import { viewOf } from "../../flow-log/data-view.js";
import { readHybrid } from "./hybrid.js";

const gunzipAsync = promisify<Uint8Array, object, Buffer>(gunzip);

/** A dictionary of the longest texts, one for each row of a group, is about half as large. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024;
/** The least that zlib takes. */
const MIN_CHUNK = 64;

/** One column of one row group, expanded. */
export interface ColumnData {
  readonly rows: number;
  /** Whether each row has a value; undefined when all have. */
  readonly levels: Uint8Array | undefined;
  /** The values there are: of a dictionary, and which of it each is; or as they are, PLAIN. */
  readonly values:
    | { readonly dictionary: DataView; readonly entries: number; readonly indices: Uint32Array }
    | { readonly plain: Uint8Array };
}

/** What a file of edges can't be. */
export class ParquetError extends Error {
  override name = "ParquetError";

  constructor(expected: string, got: string) {
    super(`expected ${expected}, got ${got}`);
  }
}

/**
 * Reads the pages of a chunk as `pages.ts` writes them. That is all it reads, which keeps a value from ever being an
 * object of its own; `hyparquet` reads any Parquet, and its headers here.
 *
 * @throws ParquetError
 */
export async function readChunk(
  bytes: Uint8Array,
  { codec, num_values }: ColumnMetaData,
  rows: number,
  optional: boolean,
): Promise<ColumnData> {
  if (Number(num_values) !== rows) throw new ParquetError(`${rows} values`, String(num_values));
  const reader = { view: viewOf(bytes), offset: 0 };
  let dictionary: { readonly view: DataView; readonly entries: number } | undefined;
  for (;;) {
    const header = parquetHeader(reader);
    const end = reader.offset + header.compressed_page_size;
    if (end > bytes.length) throw new ParquetError("a whole page", "a part of it");
    const page = await expand(bytes.subarray(reader.offset, end), codec, header.uncompressed_page_size);
    reader.offset = end;
    if (header.dictionary_page_header !== undefined && dictionary === undefined) {
      const entries = header.dictionary_page_header.num_values;
      if (entries < 0 || entries > rows) throw new ParquetError(`at most ${rows} entries`, String(entries));
      dictionary = { view: viewOf(page), entries };
      continue;
    }
    const data = header.data_page_header;
    if (data === undefined) throw new ParquetError("a data page of version 1", header.type);
    if (data.num_values !== rows) throw new ParquetError(`one page of ${rows}`, String(data.num_values));
    const { levels, values, at } = optional
      ? levelsOf(page, rows)
      : { levels: undefined, values: rows, at: 0 };
    if (data.encoding === "PLAIN") return { rows, levels, values: { plain: page.subarray(at) } };
    if (data.encoding !== "RLE_DICTIONARY" || dictionary === undefined) {
      throw new ParquetError("PLAIN or RLE_DICTIONARY", data.encoding);
    }
    const indices = new Uint32Array(values);
    const width = page[at] ?? 0;
    if (width > 24 || !readHybrid(page, at + 1, page.length, indices, values, width)) {
      throw new ParquetError(`${values} indices`, "fewer");
    }
    return { rows, levels, values: { dictionary: dictionary.view, entries: dictionary.entries, indices } };
  }
}

async function expand(bytes: Uint8Array, codec: string, size: number): Promise<Uint8Array> {
  if (codec === "UNCOMPRESSED") return bytes;
  if (codec !== "GZIP") throw new ParquetError("GZIP or UNCOMPRESSED", codec);
  if (size > MAX_PAGE_BYTES)
    throw new ParquetError(`a page of at most ${MAX_PAGE_BYTES} bytes`, String(size));
  // One piece of output, and one turn in libuv's pool.
  const page = await gunzipAsync(bytes, { chunkSize: size + MIN_CHUNK, maxOutputLength: size + MIN_CHUNK });
  if (page.length !== size) throw new ParquetError(`a page of ${size} bytes`, String(page.length));
  return page;
}

function levelsOf(page: Uint8Array, rows: number) {
  const length = page.length < 4 ? 0 : viewOf(page).getUint32(0, true);
  const at = 4 + length;
  const levels = new Uint8Array(rows);
  if (at > page.length || !readHybrid(page, 4, at, levels, rows, 1))
    throw new ParquetError(`${rows} levels`, "fewer");
  let values = 0;
  for (const level of levels) values += level;
  return { levels: values === rows ? undefined : levels, values, at };
}
