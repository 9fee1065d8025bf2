import type { RowGroup } from "hyparquet";
import { type ChunkPlace, chunkPlace } from "../../parquet/chunk-place.js";
import type { ParquetBytes } from "./parquet-bytes.js";
import type { FlowColumn } from "./parquet-columns.js";
import type { Chunk } from "./parquet-pages.js";

/** What the columns needed may take in one row group, as they are in the file. */
const MAX_GROUP_BYTES = 256 * 1024 * 1024;

/** So many bytes that nobody needs are read sooner than the next ones are asked for by themselves. */
const MAX_GAP = 256 * 1024;

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
  const pieces: { readonly start: number; readonly bytes: Uint8Array }[] = [];
  for (const { start, end } of joined(places)) pieces.push({ start, bytes: await file.bytes(start, end) });
  return places.map(({ start, end, rows, meta }) => {
    const piece = pieces.findLast((candidate) => candidate.start <= start);
    if (piece === undefined) throw new RangeError("each column is in one of the pieces");
    const bytes = piece.bytes.subarray(start - piece.start, end - piece.start);
    return { bytes, codec: meta.codec, rows };
  });
}

/** What covers all of these places, in order. */
function joined(places: readonly ChunkPlace[]): { readonly start: number; readonly end: number }[] {
  const pieces: { start: number; end: number }[] = [];
  for (const { start, end } of places.toSorted((one, other) => one.start - other.start)) {
    const last = pieces.at(-1);
    if (last !== undefined && start - last.end <= MAX_GAP) last.end = Math.max(last.end, end);
    else pieces.push({ start, end });
  }
  return pieces;
}
