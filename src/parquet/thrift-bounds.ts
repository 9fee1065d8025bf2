import { readVarInt } from "hyparquet/src/thrift.js";

/** Parquet's own structures are about six deep. */
const MAX_DEPTH = 16;
/** What 64 bits take. */
const MAX_VARINT_BYTES = 10;

const STOP = 0;
const [TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, STRUCT] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12];

interface Walk {
  readonly view: DataView;
  offset: number;
  /** Values that may still come. */
  left: number;
}

/**
 * Walks over a structure of Thrift's compact protocol, in which Parquet keeps its headers, without making anything of
 * it: a reader may be let at it then, that allocates what a list claims to hold and follows numbers of any length.
 *
 * @throws RangeError when it doesn't end within the view, or holds more than `maxValues`
 */
export function checkThrift(view: DataView, offset: number, maxValues: number): void {
  struct({ view, offset, left: maxValues }, 0);
}

function struct(walk: Walk, depth: number): void {
  if (depth > MAX_DEPTH) throw new RangeError(`a header nested deeper than ${MAX_DEPTH}`);
  for (;;) {
    const byte = walk.view.getUint8(walk.offset++);
    const type = byte & 0x0f;
    if (type === STOP) return;
    if (byte >> 4 === 0) skipVarInt(walk);
    count(walk, 1);
    if (type !== TRUE && type !== FALSE) element(walk, type, depth);
  }
}

function element(walk: Walk, type: number, depth: number): void {
  if (type === BYTE || type === TRUE || type === FALSE) skip(walk, 1);
  else if (type === I16 || type === I32 || type === I64) skipVarInt(walk);
  else if (type === DOUBLE) skip(walk, 8);
  else if (type === BINARY) skip(walk, length(walk));
  else if (type === LIST) list(walk, depth);
  else if (type === STRUCT) struct(walk, depth + 1);
  else throw new RangeError(`a header with a value of the unknown type ${type}`);
}

function list(walk: Walk, depth: number): void {
  const byte = walk.view.getUint8(walk.offset++);
  const size = byte >> 4 === 15 ? length(walk) : byte >> 4;
  // Each takes a byte at least.
  if (size > walk.view.byteLength - walk.offset) throw new RangeError(`a list of ${size} in too few bytes`);
  count(walk, size);
  for (let i = 0; i < size; i++) element(walk, byte & 0x0f, depth + 1);
}

function count(walk: Walk, values: number): void {
  walk.left -= values;
  if (walk.left < 0) throw new RangeError("a header with too many values");
}

function skip(walk: Walk, bytes: number): void {
  walk.offset += bytes;
  if (walk.offset > walk.view.byteLength) throw new RangeError("a header that is cut off");
}

function skipVarInt(walk: Walk): void {
  const { view, offset } = walk;
  while (view.getUint8(walk.offset++) >= 0x80) {
    if (walk.offset - offset >= MAX_VARINT_BYTES) throw new RangeError("a number of too many bytes");
  }
}

function length(walk: Walk): number {
  const reader = { view: walk.view, offset: walk.offset };
  skipVarInt(walk);
  const value = readVarInt(reader);
  if (value < 0) throw new RangeError(`a length of ${value}`);
  return value;
}
