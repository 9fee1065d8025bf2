import type { ColumnChunk, ColumnMetaData, RowGroup } from "hyparquet";

/** Magic bytes stand before the first page. */
const FIRST_BYTE = 4;

/** Where the pages of a flat column of a row group lie in the file. */
export interface ChunkPlace {
  readonly start: number;
  readonly end: number;
  readonly rows: number;
  readonly meta: ColumnMetaData;
}

/** @throws Error when it isn't there, or not within the file */
export function chunkPlace(byteLength: number, group: RowGroup, name: string): ChunkPlace {
  const { meta_data: meta, file_path: elsewhere } = chunkOf(group, name);
  if (meta === undefined) throw new Error(`the column ${name} is encrypted`);
  if (elsewhere !== undefined) throw new Error(`the column ${name} is in another file`);
  if (meta.num_values !== group.num_rows) {
    throw new RangeError(`${meta.num_values} values of ${name} in ${group.num_rows} rows`);
  }
  // Some writers leave out where the dictionary is, or say 0.
  const start = safe(meta.dictionary_page_offset || meta.data_page_offset);
  const end = start + safe(meta.total_compressed_size);
  if (start < FIRST_BYTE || end > byteLength) {
    throw new RangeError(`the column ${name} in bytes ${start} to ${end} of ${byteLength}`);
  }
  return { start, end, rows: safe(group.num_rows), meta };
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
