import { viewOf } from "../flow-log/data-view.js";

/** Runs and packed values come in groups of so many. */
const GROUP = 8;
/** Packed values beyond the last one, which some writers fill up to 63 groups. */
const MAX_PADDING = 63 * GROUP;

/** The most bytes that `count` values of `width` bits can take. */
export function maxHybridBytes(count: number, width: number): number {
  const groups = Math.ceil(count / GROUP);
  // A header for each group at worst: before a run of one group, between packed ones.
  return groups * (width + 5) + 5;
}

/**
 * Writes values in Parquet's hybrid of run lengths and packed bits at `at`, and returns the position after them. A run is
 * made of whole groups of eight equal values.
 * https://github.com/apache/parquet-format/blob/master/Encodings.md#run-length-encoding--bit-packing-hybrid-rle--3
 *
 * @param width bits of each value, 1 to 24
 */
export function putHybrid(
  bytes: Uint8Array,
  start: number,
  values: Uint32Array | Uint8Array,
  count: number,
  width: number,
): number {
  let at = start;
  let packed = 0;
  for (let from = 0; from < count;) {
    const run = runLength(values, from, count);
    if (run === 0) {
      from = Math.min(from + GROUP, count);
      if (from < count) continue;
    }
    if (from > packed) at = putPacked(bytes, at, values, packed, from, width);
    if (run > 0) {
      at = putVarint(bytes, at, run * 2);
      const value = values[from] ?? 0;
      for (let bits = 0; bits < width; bits += 8) bytes[at++] = value >>> bits;
      from += run;
    }
    packed = from;
  }
  return at;
}

/** How often the value at `from` comes in a row, in whole groups, or up to the end; 0 for less than a group. */
function runLength(values: Uint32Array | Uint8Array, from: number, count: number): number {
  const value = values[from];
  let to = from + 1;
  while (to < count && values[to] === value) to++;
  const run = to === count ? to - from : (to - from) & -GROUP;
  return run < GROUP ? 0 : run;
}

/** The values from `from` to `to`, which is the end or whole groups later. */
function putPacked(
  bytes: Uint8Array,
  start: number,
  values: Uint32Array | Uint8Array,
  from: number,
  to: number,
  width: number,
): number {
  const groups = Math.ceil((to - from) / GROUP);
  let at = putVarint(bytes, start, groups * 2 + 1);
  const end = at + groups * width;
  let bits = 0;
  let held = 0;
  for (let i = from; i < to; i++) {
    bits |= (values[i] ?? 0) << held;
    held += width;
    for (; held >= 8; held -= 8) {
      bytes[at++] = bits;
      bits >>>= 8;
    }
  }
  if (held > 0) bytes[at++] = bits;
  // What the last group lacks is zeros.
  bytes.fill(0, at, end);
  return end;
}

/**
 * Reads `count` values from the bytes between `start` and `end`, and hands back false when they aren't there, or when a run
 * claims more. The padding after the last one may be cut off.
 *
 * @param width bits of each value, 0 to 24
 */
export function readHybrid(
  bytes: Uint8Array,
  start: number,
  end: number,
  values: Uint32Array | Uint8Array,
  count: number,
  width: number,
): boolean {
  let at = start;
  for (let read = 0; read < count;) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= end || shift > 28) return false;
      const byte = bytes[at++] ?? 0;
      header |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const length = header >>> 1;
    if (length === 0) return false;
    const left = count - read;
    if ((header & 1) === 0) {
      if (length > left) return false;
      let value = 0;
      for (let bits = 0; bits < width; bits += 8) value |= (bytes[at++] ?? 0) << bits;
      if (at > end) return false;
      values.fill(value, read, read + length);
      read += length;
    } else {
      if (length * GROUP > left + MAX_PADDING) return false;
      const packed = Math.min(left, length * GROUP);
      if (at + Math.ceil((packed * width) / 8) > end) return false;
      unpack(bytes, at, values, read, read + packed, width);
      read += packed;
      at += length * width;
    }
  }
  return true;
}

function unpack(
  bytes: Uint8Array,
  start: number,
  values: Uint32Array | Uint8Array,
  from: number,
  to: number,
  width: number,
): void {
  const view = viewOf(bytes);
  const mask = 2 ** width - 1;
  // A value, with the bits before it in its first byte, is in four bytes. The last ones may have fewer before the end.
  const lastWord = bytes.length - 4;
  let bit = 8 * start;
  for (let i = from; i < to; i++, bit += width) {
    const at = bit >>> 3;
    const word = at <= lastWord ? view.getInt32(at, true) : lastBytes(bytes, at);
    values[i] = (word >>> (bit & 7)) & mask;
  }
}

function lastBytes(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
}

function putVarint(bytes: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}
