import type { DecodedArray, ParquetType } from "hyparquet";
import { byteStreamSplit } from "hyparquet/src/encoding.js";
import { readPlain } from "hyparquet/src/plain.js";
import { readDeltas, readRuns } from "./parquet-runs.js";

/** Texts and other bytes, each an object of its own. */
const MAX_TEXTS = 1024 * 1024;
/** Longer ones are no decimals. */
const MAX_FIXED_BYTES = 32;
/** What texts may take that are told by what they share with the one before. */
const MAX_SHARED_BYTES = 64 * 1024 * 1024;

interface Type {
  readonly type: ParquetType;
  /** Bytes of a value of FIXED_LEN_BYTE_ARRAY. */
  readonly length: number | undefined;
}

/**
 * The values of a page, which lie from the reader's offset to the end of its view.
 *
 * @throws Error when they are damaged, before more is allocated than the count and the bytes there are allow
 */
export function readValues(
  reader: { readonly view: DataView; offset: number },
  encoding: string,
  count: number,
  { type, length }: Type,
  dictionary: DecodedArray | undefined,
): DecodedArray {
  if (count === 0) return [];
  const bytes = reader.view.byteLength - reader.offset;
  switch (encoding) {
    case "PLAIN":
      fits(count, minBytes(type, length), bytes);
      if (type === "BYTE_ARRAY" || type === "FIXED_LEN_BYTE_ARRAY") fewTexts(count);
      return readPlain(reader, type, count, length);
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY":
      return fromDictionary(readRuns(reader, reader.view.getUint8(reader.offset++), count), dictionary);
    case "BYTE_STREAM_SPLIT":
      fits(count, minBytes(type, length), bytes);
      if (type === "BYTE_ARRAY" || type === "INT96") break;
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

function fewTexts(count: number): void {
  if (count > MAX_TEXTS) throw new RangeError(`${count} texts in one page, more than ${MAX_TEXTS}`);
}

function fromDictionary(indices: number[], dictionary: DecodedArray | undefined): DecodedArray {
  if (dictionary === undefined) throw new Error("a page before its dictionary");
  const values: unknown[] = indices;
  for (const [at, index] of indices.entries()) {
    if (index >= dictionary.length) throw new RangeError(`value ${index} of ${dictionary.length}`);
    values[at] = dictionary[index];
  }
  return values;
}

function deltaLength(reader: { readonly view: DataView; offset: number }, count: number): Uint8Array[] {
  fewTexts(count);
  return Array.from(readDeltas(reader, new Int32Array(count)), (length) => take(reader, length));
}

function deltaShared(reader: { readonly view: DataView; offset: number }, count: number): Uint8Array[] {
  fewTexts(count);
  const shared = readDeltas(reader, new Int32Array(count));
  const lengths = readDeltas(reader, new Int32Array(count));
  let last = new Uint8Array(0);
  let total = 0;
  return Array.from(shared, (prefix, index) => {
    const rest = take(reader, lengths[index] ?? 0);
    if (prefix < 0 || prefix > last.length) throw new RangeError(`${prefix} bytes of ${last.length}`);
    total += prefix + rest.length;
    if (total > MAX_SHARED_BYTES) throw new RangeError(`texts of more than ${MAX_SHARED_BYTES} bytes`);
    const value = new Uint8Array(prefix + rest.length);
    value.set(last.subarray(0, prefix));
    value.set(rest, prefix);
    last = value;
    return value;
  });
}

function take(reader: { readonly view: DataView; offset: number }, length: number): Uint8Array {
  const { view, offset } = reader;
  if (length < 0 || length > view.byteLength - offset) throw new RangeError(`a text of ${length} bytes`);
  reader.offset += length;
  return new Uint8Array(view.buffer, view.byteOffset + offset, length);
}
