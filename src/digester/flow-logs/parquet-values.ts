import type { ParquetType } from "hyparquet";
import { byteStreamSplit } from "hyparquet/src/encoding.js";
import { readPlain } from "hyparquet/src/plain.js";
import { viewOf } from "../../flow-log/data-view.js";
import { readDeltas } from "./parquet-deltas.js";
import { Integers, type Reader, type StoredValues, Texts } from "./parquet-stored.js";

/** Bytes of one length, each an object of its own. */
const MAX_FIXED = 1024 * 1024;
/** Longer ones are no decimals. */
const MAX_FIXED_BYTES = 32;
/** What texts may take that are told by what they share with the one before. */
const MAX_SHARED_BYTES = 64 * 1024 * 1024;
/** Before a text that is PLAIN comes its length. */
const LENGTH_BYTES = 4;

interface Type {
  readonly type: ParquetType;
  /** Bytes of a value of FIXED_LEN_BYTE_ARRAY. */
  readonly length: number | undefined;
}

/**
 * The values of a page or a dictionary, which lie from the reader's offset to the end of its view.
 *
 * @throws Error when they are damaged, before more is allocated than the count and the bytes there are allow
 */
export function readValues(
  reader: Reader,
  encoding: string,
  count: number,
  { type, length }: Type,
): StoredValues {
  if (count === 0) return [];
  const bytes = reader.view.byteLength - reader.offset;
  switch (encoding) {
    case "PLAIN":
      fits(count, minBytes(type, length), bytes);
      if (type === "INT32") return new Integers(reader, 4, count);
      if (type === "INT64") return new Integers(reader, 8, count);
      if (type === "BYTE_ARRAY") return plainTexts(reader, count);
      if (type === "FIXED_LEN_BYTE_ARRAY") fewFixed(count);
      return readPlain(reader, type, count, length);
    case "BYTE_STREAM_SPLIT":
      fits(count, minBytes(type, length), bytes);
      if (type === "BYTE_ARRAY" || type === "INT96") break;
      if (type === "FIXED_LEN_BYTE_ARRAY") fewFixed(count);
      return byteStreamSplit(reader, count, type, length);
    case "DELTA_BINARY_PACKED":
      if (type === "INT32") return readDeltas(reader, new Int32Array(count));
      if (type === "INT64") return readDeltas(reader, new BigInt64Array(count));
      break;
    case "DELTA_LENGTH_BYTE_ARRAY":
      if (type === "BYTE_ARRAY") return deltaLength(reader, count);
      break;
    case "DELTA_BYTE_ARRAY":
      if (type === "BYTE_ARRAY") return deltaShared(reader, count);
      break;
  }
  throw new Error(`values of ${type} in the encoding ${encoding}`);
}

/** Bytes that a value takes at least. */
function minBytes(type: ParquetType, length: number | undefined): number {
  switch (type) {
    case "INT32":
    case "FLOAT":
    case "BYTE_ARRAY":
      return 4;
    case "INT64":
    case "DOUBLE":
      return 8;
    case "INT96":
      return 12;
    case "FIXED_LEN_BYTE_ARRAY":
      if (length !== undefined && length >= 1 && length <= MAX_FIXED_BYTES) return length;
      throw new RangeError(`values of ${length} bytes`);
    case "BOOLEAN":
  }
  throw new Error(`values of the type ${type}`);
}

function fits(count: number, each: number, bytes: number): void {
  if (count * each > bytes) throw new RangeError(`${count} values in ${bytes} bytes`);
}

function fewFixed(count: number): void {
  if (count > MAX_FIXED) throw new RangeError(`${count} byte arrays in one page, more than ${MAX_FIXED}`);
}

function plainTexts({ view, offset }: Reader, count: number): Texts {
  const texts = new Texts(view, count);
  let at = offset;
  for (let index = 0; index < count; index++) {
    const length = view.getUint32(at, true);
    texts.set(index, at + LENGTH_BYTES, length);
    at += LENGTH_BYTES + length;
  }
  return texts;
}

function deltaLength(reader: Reader, count: number): Texts {
  const lengths = readDeltas(reader, new Int32Array(count));
  const texts = new Texts(reader.view, count);
  for (const [index, length] of lengths.entries()) {
    texts.set(index, reader.offset, length);
    reader.offset += length;
  }
  return texts;
}

function deltaShared(reader: Reader, count: number): Texts {
  const shared = readDeltas(reader, new Int32Array(count));
  const lengths = readDeltas(reader, new Int32Array(count));
  const rests = new Texts(reader.view, count);
  let total = 0;
  let last = 0;
  for (const [index, length] of lengths.entries()) {
    const prefix = shared[index] ?? 0;
    rests.set(index, reader.offset, length);
    reader.offset += length;
    if (prefix < 0 || prefix > last) throw new RangeError(`${prefix} bytes of ${last}`);
    last = prefix + length;
    total += last;
    if (total > MAX_SHARED_BYTES) throw new RangeError(`texts of more than ${MAX_SHARED_BYTES} bytes`);
  }
  const bytes = new Uint8Array(total);
  const texts = new Texts(viewOf(bytes), count);
  let at = 0;
  for (const [index, prefix] of shared.entries()) {
    const before = texts.starts[index - 1] ?? 0;
    bytes.copyWithin(at, before, before + prefix);
    const rest = rests.at(index);
    if (rest !== undefined) bytes.set(rest, at + prefix);
    const length = prefix + (rest?.length ?? 0);
    texts.set(index, at, length);
    at += length;
  }
  return texts;
}
