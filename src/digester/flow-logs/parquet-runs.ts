import { deltaBinaryUnpack } from "hyparquet/src/delta.js";
import { readRleBitPackedHybrid } from "hyparquet/src/encoding.js";
import { readVarInt } from "hyparquet/src/thrift.js";

/** Runs of bits come in groups of eight, of which some writers always fill 63. */
const MAX_PADDING = 63 * 8;
const MAX_INDEX_BITS = 24;
const MAX_BLOCK_VALUES = 64 * 1024;
const MAX_DELTA_BITS = 64;
const MAX_VARINT_BYTES = 10;

interface Reader {
  readonly view: DataView;
  offset: number;
}

/**
 * So many small numbers in Parquet's hybrid of repeated and packed ones, which end with the view. The library writes as
 * many as a run claims to have, so the runs are looked at first.
 *
 * @throws RangeError
 */
export function readRuns(reader: Reader, bits: number, count: number): number[] {
  if (bits > MAX_INDEX_BITS) throw new RangeError(`numbers of ${bits} bits`);
  const { view, offset: start } = reader;
  for (let seen = 0; seen < count;) {
    const header = readVarInt(reader);
    const packed = (header & 1) === 1;
    const values = packed ? (header >>> 1) * 8 : header >>> 1;
    if (header < 0 || values > count - seen + (packed ? MAX_PADDING : 0)) {
      throw new RangeError(`a run of ${values} values of ${count - seen}`);
    }
    reader.offset += packed ? (header >>> 1) * bits : (bits + 7) >> 3;
    // The padding of the last run may be cut off, as the library knows.
    if (reader.offset > view.byteLength + (packed ? MAX_PADDING * 4 : 0)) {
      throw new RangeError("a run that is cut off");
    }
    seen += values;
  }
  reader.offset = start;
  const output = Array.from<number>({ length: count });
  readRleBitPackedHybrid(reader, bits, output, view.byteLength - start);
  return output;
}

/**
 * Fills an array from deltas. The library follows numbers of any length and makes room for as many widths as are
 * claimed, so the blocks are looked at first.
 *
 * @throws RangeError
 */
export function readDeltas<T extends Int32Array | BigInt64Array>(reader: Reader, output: T): T {
  if (output.length === 0) return output;
  const { view, offset: start } = reader;
  const blockValues = readVarInt(reader);
  const parts = readVarInt(reader);
  const values = blockValues / parts;
  if (blockValues < 1 || blockValues > MAX_BLOCK_VALUES || parts < 1 || values % 8 !== 0) {
    throw new RangeError(`blocks of ${blockValues} deltas in ${parts} parts`);
  }
  skipVarInt(reader);
  skipVarInt(reader);
  for (let seen = 1; seen < output.length;) {
    skipVarInt(reader);
    const widths = reader.offset;
    reader.offset += parts;
    for (let part = 0; part < parts && seen < output.length; part++) {
      const bits = view.getUint8(widths + part);
      if (bits > MAX_DELTA_BITS) throw new RangeError(`deltas of ${bits} bits`);
      reader.offset += (values / 8) * bits;
      seen += values;
    }
  }
  reader.offset = start;
  deltaBinaryUnpack(reader, output.length, output);
  return output;
}

function skipVarInt(reader: Reader): void {
  for (let bytes = 1; reader.view.getUint8(reader.offset++) >= 0x80; bytes++) {
    if (bytes === MAX_VARINT_BYTES) throw new RangeError("a number of too many bytes");
  }
}
