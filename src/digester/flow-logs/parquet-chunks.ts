import type { RowGroup } from "hyparquet";
import { chunkPlace } from "../../parquet/chunk-place.js";
import type { ParquetBytes } from "./parquet-bytes.js";
import type { FlowColumn } from "./parquet-columns.js";
import type { Chunk } from "./parquet-pages.js";

/** What the columns needed may take in one row group, as they are in the file. */
const MAX_GROUP_BYTES = 256 * 1024 * 1024;

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
  const places = columns.map((column) => ({ column, ...chunkPlace(file.byteLength, group, column.name) }));
  const bytes = places.reduce((sum, { start, end }) => sum + end - start, 0);
  if (bytes > MAX_GROUP_BYTES) {
    throw new RangeError(`a row group of ${bytes} bytes, more than ${MAX_GROUP_BYTES}`);
  }
  const chunks = [];
  for (const { column, start, end, rows, meta } of places) {
    chunks.push({ column, bytes: await file.slice(start, end), codec: meta.codec, rows });
  }
  return chunks;
}
