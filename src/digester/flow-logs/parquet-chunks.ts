import type { ColumnChunk, RowGroup } from "hyparquet";
import type { ParquetBytes } from "./parquet-bytes.js";
import type { FlowColumn } from "./parquet-columns.js";
import type { Chunk } from "./parquet-pages.js";

/** What the columns needed may take in one row group, as they are in the file. */
const MAX_GROUP_BYTES = 256 * 1024 * 1024;
/** Magic bytes stand before the first page. */
const FIRST_BYTE = 4;

/**
 * The bytes of some columns in a row group, in the same order.
 *
 * @throws Error when they aren't in the file or beyond the bounds, before any is read
 */
export async function readChunks(
  file: ParquetBytes,
  group: RowGroup,
  columns: readonly FlowColumn[],
): Promise<(Chunk & { readonly column: FlowColumn })[]> {
  const rows = safe(group.num_rows);
  const places = columns.map((column) => ({ column, ...placeOf(file, group, column.name) }));
  const bytes = places.reduce((sum, { start, end }) => sum + end - start, 0);
  if (bytes > MAX_GROUP_BYTES) {
    throw new RangeError(`a row group of ${bytes} bytes, more than ${MAX_GROUP_BYTES}`);
  }
  const chunks = [];
  for (const { column, start, end, codec } of places) {
    chunks.push({ column, bytes: await file.slice(start, end), codec, rows });
  }
  return chunks;
}

function placeOf(file: ParquetBytes, group: RowGroup, name: string) {
  const { meta_data: meta, file_path: elsewhere } = chunkOf(group, name);
  if (meta === undefined) throw new Error(`the column ${name} is encrypted`);
  if (elsewhere !== undefined) throw new Error(`the column ${name} is in another file`);
  if (meta.num_values !== group.num_rows) {
    throw new RangeError(`${meta.num_values} values of ${name} in ${group.num_rows} rows`);
  }
  // Some writers leave out where the dictionary is, or say 0.
  const start = safe(meta.dictionary_page_offset || meta.data_page_offset);
  const end = start + safe(meta.total_compressed_size);
  if (start < FIRST_BYTE || end > file.byteLength) {
    throw new RangeError(`the column ${name} in bytes ${start} to ${end} of ${file.byteLength}`);
  }
  return { start, end, codec: meta.codec };
}

function chunkOf(group: RowGroup, name: string): ColumnChunk {
  const chunk = group.columns.find(({ meta_data: meta }) => meta?.path_in_schema[0] === name);
  if (chunk === undefined) throw new Error(`a row group without the column ${name}`);
  return chunk;
}

function safe(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new RangeError(`${value} rows or bytes`);
}
