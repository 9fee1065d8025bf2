import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { parquetHeader } from "hyparquet/src/column.js";
import type { PageHeader, ParquetType } from "hyparquet";
import { viewOf } from "../flow-log/data-view.js";
import type { ChunkPlace } from "./chunk-place.js";
import { readHybrid } from "./hybrid.js";
import { checkThrift } from "./thrift-bounds.js";

const gunzipAsync = promisify<Uint8Array, object, Buffer>(gunzip);

/** A header of a page, with its statistics. */
const MAX_HEADER_VALUES = 100;
/** No deflate makes more of a byte. */
const MAX_INFLATION = 1032;
/** What a page has besides its values, and gzip besides what is in it. */
const OVERHEAD_BYTES = 1024;
const MAX_INDEX_BITS = 24;

/** One column of one row group, expanded. */
export interface ColumnData {
  readonly type: ParquetType;
  readonly rows: number;
  /** Whether each row has a value; undefined when all have. */
  readonly levels: Uint8Array | undefined;
  /** The values there are: of a dictionary, and which of it each is; or as they are, PLAIN. */
  readonly values:
    | { readonly dictionary: DataView; readonly entries: number; readonly indices: Uint32Array }
    | { readonly plain: Uint8Array };
}

/** What was expected of a file, and what came. */
export class ParquetError extends Error {
  override name = "ParquetError";

  constructor(expected: string, got: string) {
    super(`expected ${expected}, got ${got}`);
  }
}

/**
 * Reads the pages of a chunk as `pages.ts` writes them: a dictionary or none, and one page of data. That is all it reads,
 * which keeps a value from ever being an object of its own. What headers claim is checked before anything is
 * allocated for it: memory is bounded by `rows`, whatever the bytes are.
 *
 * @param optional whether values may be null
 * @param maxValueBytes of a value as in a PLAIN page
 * @throws ParquetError, RangeError or an error of zlib when the bytes are damaged
 */
export async function readChunk(
  bytes: Uint8Array,
  { rows, meta }: Pick<ChunkPlace, "rows" | "meta">,
  optional: boolean,
  maxValueBytes: number,
): Promise<ColumnData> {
  const maxPageBytes = rows * maxValueBytes + OVERHEAD_BYTES;
  const reader = { view: viewOf(bytes), offset: 0 };
  async function nextPage(): Promise<{ readonly header: PageHeader; readonly page: Uint8Array }> {
    checkThrift(reader.view, reader.offset, MAX_HEADER_VALUES);
    const header = parquetHeader(reader);
    const packed = whole(header.compressed_page_size, bytes.length - reader.offset, "bytes in a page");
    const max = Math.min(maxPageBytes, packed * MAX_INFLATION + OVERHEAD_BYTES);
    const size = whole(header.uncompressed_page_size, max, "bytes in a page");
    const from = reader.offset;
    reader.offset += packed;
    return { header, page: await expand(bytes.subarray(from, from + packed), meta.codec, size) };
  }

  let { header, page } = await nextPage();
  let dictionary: { readonly view: DataView; readonly entries: number } | undefined;
  if (header.dictionary_page_header !== undefined) {
    const entries = whole(header.dictionary_page_header.num_values, rows, "values in a dictionary");
    dictionary = { view: viewOf(page), entries };
    ({ header, page } = await nextPage());
  }
  const data = header.data_page_header;
  if (data === undefined) throw new ParquetError("a data page of version 1", header.type);
  if (data.num_values !== rows) throw new ParquetError(`one page of ${rows}`, String(data.num_values));
  const { levels, count, at } = optional ? levelsOf(page, rows) : { levels: undefined, count: rows, at: 0 };
  const { type } = meta;
  if (data.encoding === "PLAIN") return { type, rows, levels, values: { plain: page.subarray(at) } };
  if (data.encoding !== "RLE_DICTIONARY" || dictionary === undefined) {
    throw new ParquetError("PLAIN, or RLE_DICTIONARY after a dictionary", data.encoding);
  }
  const indices = new Uint32Array(count);
  const width = page[at] ?? 0;
  if (width > MAX_INDEX_BITS || !readHybrid(page, at + 1, page.length, indices, count, width)) {
    throw new ParquetError(`${count} indices`, "fewer");
  }
  return {
    type,
    rows,
    levels,
    values: { dictionary: dictionary.view, entries: dictionary.entries, indices },
  };
}

async function expand(bytes: Uint8Array, codec: string, size: number): Promise<Uint8Array> {
  if (codec !== "UNCOMPRESSED" && codec !== "GZIP") throw new ParquetError("GZIP or UNCOMPRESSED", codec);
  // One piece of output, and one turn in libuv's pool. A byte more shows that there is more.
  const page =
    codec === "UNCOMPRESSED"
      ? bytes
      : await gunzipAsync(bytes, { chunkSize: size + OVERHEAD_BYTES, maxOutputLength: size + 1 });
  if (page.length !== size) throw new ParquetError(`a page of ${size} bytes`, String(page.length));
  return page;
}

function levelsOf(page: Uint8Array, rows: number) {
  const at = 4 + viewOf(page).getUint32(0, true);
  const levels = new Uint8Array(rows);
  if (at > page.length || !readHybrid(page, 4, at, levels, rows, 1))
    throw new ParquetError(`${rows} levels`, "fewer");
  let count = 0;
  for (const level of levels) count += level;
  return { levels: count === rows ? undefined : levels, count, at };
}

/** A number of a header, which may be anything. */
function whole(value: number | undefined, max: number, what: string): number {
  if (value !== undefined && Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new RangeError(`${value} ${what}, more than ${max}`);
}
