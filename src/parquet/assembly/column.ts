/*
 * Reads the rows of a flat column, some at a time: levels, then values, as doubles. `column-kernel.ts` puts pages into this
 * memory, with some bytes to spare behind each.
 */

/** Runs and packed values come in groups of so many. */
const GROUP: u32 = 8;
/** Packed values beyond the last one, which some writers fill up to 63 groups. */
const MAX_PADDING: u64 = 63 * 8;

/** Where the values of rows come from. */
const INDEXED: u32 = 0;
const CONSECUTIVE: u32 = 1;
const INT32: u32 = 2;
const INT64: u32 = 3;

/** What `take` answers. */
const TAKEN: u32 = 0;
const BAD_LEVELS: u32 = 1;
const BAD_INDICES: u32 = 2;
const BAD_INDEX: u32 = 3;

/** Of integers: no value, and one that isn't from 0 up to 10^15. */
const NONE: f64 = -1;
const ODD: f64 = -2;
const END_OF_USUAL: u64 = 1_000_000_000_000_000;

/** Values in the hybrid of run lengths and packed bits, of which some were read. */
@unmanaged
class Hybrid {
  /** The header of the next run, and the end of all. */
  at: u32;
  end: u32;
  /** Bits of a value, 0 to 24. */
  width: u32;
  /** Values left, of all and of the run. */
  left: u32;
  run: u32;
  isPacked: bool;
  /** Of a run of one value. */
  value: u32;
  /** Of packed ones where the next begins, counted from the start of the memory. */
  bit: u64;
}

@unmanaged
class Column {
  /** What is taken, for each row: its code, its place among the values, and whether it has one. */
  block: u32;
  places: u32;
  present: u32;
  kind: u32;
  isOptional: bool;
  /** Codes, with one more for null, or integers. */
  values: u32;
  count: u32;
  /** The place of the next value, where they aren't indexed. */
  next: u32;
}

const LEVELS: u32 = offsetof<Column>();
const INDICES: u32 = LEVELS + offsetof<Hybrid>();
const COLUMN_BYTES: u32 = INDICES + offsetof<Hybrid>();
/** What is written beyond a row. */
const SPARE_BYTES: u32 = 8;

const counted = changetype<Hybrid>(memory.data(offsetof<Hybrid>(), 8));
let top: u32 = <u32>__heap_base;

/** So much of the memory, which is zeros or what was there before; 0 when there is no more. */
export function allocate(bytes: u32): u32 {
  const at = (top + 15) & ~15;
  const end = <u64>at + bytes;
  const pages = <u32>((end + 0xffff) >> 16);
  if (end > <u64>i32.MAX_VALUE || (<i32>pages > memory.size() && memory.grow(pages - memory.size()) < 0))
    return 0;
  top = <u32>end;
  return at;
}

/** Forgets all that was allocated. */
export function reset(): void {
  top = <u32>__heap_base;
}

/** A column of which at most so many rows are taken at a time; 0 when there is no more memory. */
export function newColumn(rows: u32): u32 {
  const at = allocate(COLUMN_BYTES + rows * (8 + 4 + 1) + SPARE_BYTES);
  if (at == 0) return 0;
  const column = changetype<Column>(at);
  column.block = at + COLUMN_BYTES;
  column.places = column.block + 8 * rows;
  column.present = column.places + 4 * rows;
  return at;
}

export function blockOf(column: u32): u32 {
  return changetype<Column>(column).block;
}

export function placesOf(column: u32): u32 {
  return changetype<Column>(column).places;
}

/** Begins a page, each row of which has a value. */
export function beginPage(column: u32): void {
  changetype<Column>(column).isOptional = false;
}

/** The levels, by which a row has a value or none. */
export function setLevels(column: u32, at: u32, end: u32, rows: u32): void {
  changetype<Column>(column).isOptional = true;
  beginHybrid(changetype<Hybrid>(column + LEVELS), at, end, 1, rows);
}

/** What the values are of which rows have the next one, or the one of an index. */
export function setValues(at: u32, kind: u32, values: u32, count: u32): void {
  const column = changetype<Column>(at);
  column.kind = kind;
  column.values = values;
  column.count = count;
  column.next = 0;
}

/** The indices of rows that have a value. */
export function setIndices(column: u32, at: u32, end: u32, width: u32, count: u32): void {
  beginHybrid(changetype<Hybrid>(column + INDICES), at, end, width, count);
}

/** How many of some rows have a value, by their levels; -1 when these are damaged. */
export function countPresent(at: u32, end: u32, rows: u32): i32 {
  beginHybrid(counted, at, end, 1, rows);
  let count: u32 = 0;
  while (counted.left > 0) {
    if (!nextRun(counted)) return -1;
    counted.left -= counted.run;
    if (!counted.isPacked) {
      if (counted.value > 1) return -1;
      count += counted.value * counted.run;
      continue;
    }
    let byte = <u32>(counted.bit >> 3);
    for (; counted.run >= GROUP; counted.run -= GROUP) count += popcnt<u32>(load<u8>(byte++));
    count += popcnt<u32>(load<u8>(byte) & ((1 << counted.run) - 1));
  }
  return count;
}

/** Makes codes of integers of 4 or 8 bytes. */
export function convert(from: u32, count: u32, bytes: u32, to: u32): void {
  if (bytes == 4) {
    for (let i: u32 = 0; i < count; i++) store<f64>(to + 8 * i, codeOf32(load<i32>(from + 4 * i)));
  } else {
    for (let i: u32 = 0; i < count; i++) store<f64>(to + 8 * i, codeOf64(load<u64>(from + 8 * i)));
  }
}

/** Takes the next rows of the page. */
export function take(at: u32, rows: u32): u32 {
  const column = changetype<Column>(at);
  const block = column.block;
  const places = column.places;
  let count = rows;
  if (column.isOptional) {
    count = readLevels(changetype<Hybrid>(at + LEVELS), column.present, rows);
    if (count > rows) return BAD_LEVELS;
  }
  const values = column.values;
  if (column.kind == INDEXED) {
    if (!readIndices(changetype<Hybrid>(at + INDICES), places, count)) return BAD_INDICES;
    for (let i: u32 = 0; i < count; i++) {
      const place = load<u32>(places + 4 * i);
      if (place >= column.count) return BAD_INDEX;
      store<f64>(block + 8 * i, load<f64>(values + 8 * place));
    }
  } else {
    const first = column.next;
    if (count > column.count - first) return BAD_LEVELS;
    for (let i: u32 = 0; i < count; i++) store<u32>(places + 4 * i, first + i);
    if (column.kind == CONSECUTIVE) memory.copy(block, values + 8 * first, 8 * count);
    else if (column.kind == INT32) convert(values + 4 * first, count, 4, block);
    else convert(values + 8 * first, count, 8, block);
    column.next = first + count;
  }
  if (count < rows) spread(column, rows, count);
  return TAKEN;
}

/** Moves values to the rows that have one: backwards, so that none is overwritten before it was moved. */
function spread(column: Column, rows: u32, count: u32): void {
  const block = column.block;
  const places = column.places;
  const none = column.kind <= CONSECUTIVE ? load<f64>(column.values + 8 * column.count) : NONE;
  let value = count;
  // Where as many values are left as rows, each is in its place.
  for (let row = rows; row > value;) {
    row--;
    if (load<u8>(column.present + row) == 0) {
      store<f64>(block + 8 * row, none);
      store<u32>(places + 4 * row, column.count);
    } else {
      value--;
      store<f64>(block + 8 * row, load<f64>(block + 8 * value));
      store<u32>(places + 4 * row, load<u32>(places + 4 * value));
    }
  }
}

function codeOf32(value: i32): f64 {
  return value < 0 ? ODD : <f64>value;
}

function codeOf64(value: u64): f64 {
  return value < END_OF_USUAL ? <f64>value : ODD;
}

function beginHybrid(to: Hybrid, at: u32, end: u32, width: u32, count: u32): void {
  to.at = at;
  to.end = end;
  to.width = width;
  to.left = count;
  to.run = 0;
}

/** False when the run isn't there, or claims more than is left. */
function nextRun(from: Hybrid): bool {
  let at = from.at;
  let header: u32 = 0;
  for (let shift = 0; ; shift += 7) {
    if (at >= from.end || shift > 28) return false;
    const byte = <u32>load<u8>(at++);
    header |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const length = header >>> 1;
  if (length == 0) return false;
  from.isPacked = (header & 1) == 1;
  if (from.isPacked) {
    const packed = <u64>length * GROUP;
    if (packed > <u64>from.left + MAX_PADDING) return false;
    from.run = min(from.left, <u32>packed);
    if (<u64>at + ((<u64>from.run * from.width + 7) >> 3) > <u64>from.end) return false;
    from.bit = (<u64>at) << 3;
    at += length * from.width;
  } else {
    if (length > from.left) return false;
    from.run = length;
    from.value = 0;
    for (let bits: u32 = 0; bits < from.width; bits += 8) from.value |= (<u32>load<u8>(at++)) << bits;
    if (at > from.end) return false;
  }
  from.at = at;
  return true;
}

/** Puts a byte for each of the next levels, 1 where there is a value, and answers how many there are; more than all when they are damaged. */
function readLevels(from: Hybrid, start: u32, count: u32): u32 {
  let to = start;
  let present: u32 = 0;
  for (let missing = count; missing > 0;) {
    if (from.run == 0 && (from.left == 0 || !nextRun(from))) return u32.MAX_VALUE;
    const taken = min(missing, from.run);
    if (from.isPacked) {
      for (let i: u32 = 0; i < taken; i += GROUP) {
        let bits = ((<u32>load<u16>(<u32>(from.bit >> 3))) >>> ((<u32>from.bit) & 7)) & 0xff;
        if (taken - i < GROUP) bits &= (1 << (taken - i)) - 1;
        present += popcnt(bits);
        store<u64>(to + i, bytesOfBits(bits));
        from.bit += min(GROUP, taken - i);
      }
    } else {
      if (from.value > 1) return u32.MAX_VALUE;
      memory.fill(to, <u8>from.value, taken);
      present += from.value * taken;
    }
    to += taken;
    missing -= taken;
    from.run -= taken;
    from.left -= taken;
  }
  return present;
}

/** A byte for each of eight bits: each is at its own bit of a byte before it is moved to the lowest. */
function bytesOfBits(bits: u32): u64 {
  const apart = (<u64>bits * 0x0101010101010101) & 0x8040201008040201;
  return ((apart + 0x7f7f7f7f7f7f7f7f) >> 7) & 0x0101010101010101;
}

function readIndices(from: Hybrid, start: u32, count: u32): bool {
  let to = start;
  const mask: u32 = (1 << from.width) - 1;
  for (let missing = count; missing > 0;) {
    if (from.run == 0 && (from.left == 0 || !nextRun(from))) return false;
    const taken = min(missing, from.run);
    const end = to + 4 * taken;
    if (from.isPacked) {
      const width = from.width;
      let bit = from.bit;
      // A value, with the bits before it in its first byte, is in four bytes.
      for (; to < end; to += 4, bit += width) {
        store<u32>(to, (load<u32>(<u32>(bit >> 3)) >>> ((<u32>bit) & 7)) & mask);
      }
      from.bit = bit;
    } else {
      for (; to < end; to += 4) store<u32>(to, from.value);
    }
    missing -= taken;
    from.run -= taken;
    from.left -= taken;
  }
  return true;
}
