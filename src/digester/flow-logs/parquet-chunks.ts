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
  columns: readonly Pick<FlowColumn, "name">[],
): Promise<Chunk[]> {
  const places = columns.map(({ name }) => chunkPlace(file.byteLength, group, name));
  const bytes = places.reduce((sum, { start, end }) => sum + end - start, 0);
  if (bytes > MAX_GROUP_BYTES) {
    throw new RangeError(`a row group of ${bytes} bytes, more than ${MAX_GROUP_BYTES}`);
  }
  const chunks = [];
  for (const { start, end, rows, meta } of places) {
    chunks.push({ bytes: await file.bytes(start, end), codec: meta.codec, rows });
  }
  return chunks;
}
