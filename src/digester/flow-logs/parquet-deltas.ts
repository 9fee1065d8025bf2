import { deltaBinaryUnpack } from "hyparquet/src/delta.js";
import { readVarInt } from "hyparquet/src/thrift.js";
import type { Reader } from "./parquet-stored.js";

const MAX_BLOCK_VALUES = 64 * 1024;
const MAX_DELTA_BITS = 64;
const MAX_VARINT_BYTES = 10;

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
