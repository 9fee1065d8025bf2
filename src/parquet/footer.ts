import { parquetMetadata, type FileMetaData } from "hyparquet";
import { checkThrift } from "./thrift-bounds.js";

/** The bytes of a file, wherever it is kept. */
export interface ParquetSource {
  readonly byteLength: number;
  slice(start: number, end: number): Promise<ArrayBuffer>;
}

/** Nearly all footers fit. */
const TAIL_BYTES = 512 * 1024;
/** A footer has some hundred bytes for each column of each row group; this is enough for a billion flows. */
const MAX_FOOTER_BYTES = 8 * 1024 * 1024;
const MAX_FOOTER_VALUES = 1024 * 1024;
/** Magic bytes before the first page, and after the footer and its length. */
const MAGIC_BYTES = 4;
const END_BYTES = 8;

/**
 * @param tailBytes how much of the end is read first
 * @throws Error when it is damaged or beyond the bounds, before more is allocated than the file has bytes for
 */
export async function readFooter(file: ParquetSource, tailBytes = TAIL_BYTES): Promise<FileMetaData> {
  const { byteLength } = file;
  if (byteLength < MAGIC_BYTES + END_BYTES) throw new RangeError(`a file of ${byteLength} bytes`);
  const tail = await file.slice(Math.max(0, byteLength - tailBytes), byteLength);
  const end = Buffer.from(tail, tail.byteLength - END_BYTES);
  const magic = end.toString("latin1", END_BYTES - MAGIC_BYTES);
  if (magic === "PARE") throw new Error("its footer is encrypted");
  if (magic !== "PAR1") throw new Error("it doesn't end with PAR1");
  const length = end.readUInt32LE();
  if (length > byteLength - MAGIC_BYTES - END_BYTES) {
    throw new RangeError(`a footer of ${length} bytes in a file of ${byteLength}`);
  }
  if (length > MAX_FOOTER_BYTES) {
    throw new RangeError(`a footer of ${length} bytes, more than ${MAX_FOOTER_BYTES}`);
  }
  const start = byteLength - END_BYTES - length;
  const footer =
    length + END_BYTES <= tail.byteLength
      ? tail.slice(tail.byteLength - END_BYTES - length)
      : await file.slice(start, byteLength);
  checkThrift(new DataView(footer, 0, length), 0, MAX_FOOTER_VALUES);
  return parquetMetadata(footer, { geoparquet: false });
}
