// Usual lines of a digest: the same checks as in `parse-line.ts`. At a line with anything else it stops.

import { decimalAt, nonDigitsIn, separatorsIn } from "../../flow-log/assembly/bytes";
import { FIELDS, ODD_LINE } from "./memory";
import { isNode } from "./recent";

// Of the fields in `FIELDS`, in their order.
const ACCOUNT: u32 = FIELDS;
const INTERFACE: u32 = FIELDS + 4;
const SOURCE: u32 = FIELDS + 8;
const DESTINATION: u32 = FIELDS + 12;
const SOURCE_PORT: u32 = FIELDS + 16;
const DESTINATION_PORT: u32 = FIELDS + 20;
const PROTOCOL: u32 = FIELDS + 24;
const PACKETS: u32 = FIELDS + 28;
const ACTION: u32 = FIELDS + 44;
/** After the status. */
const FIELDS_END: u32 = FIELDS + 52;

const MAX_NAME: u32 = 256;
const LINE_FEED: u8 = 0x0a;
const SPACE: u8 = 0x20;
const ZERO: u8 = 0x30;
const UPPER_K: u8 = 0x4b;
const VERSION_2: u16 = 0x2032;
const ACCEPT_O: u64 = 0x4f20545045434341;
const REJECT_O: u64 = 0x4f205443454a4552;
const ACTION_AND_STATUS: u32 = 9;

let block: u32 = 0;
let found: u64 = 0;
/** Up to here there may be bytes that no usual line has. */
let oddEnd: u32 = 0;
/** Of the last line. */
export let isRejected: bool = false;

/** To be called before the first line. There is room to read 64 bytes after the last one, and 16 before the first. */
export function beginLines(from: u32): void {
  block = from;
  found = separatorsIn(from);
  oddEnd = hasOdd(from) ? from + 64 : 0;
}

/** Puts where its fields are into `FIELDS`. Returns the place after a line, or 0 where it isn't a usual one. */
export function readLine(line: u32): u32 {
  // In variables, which are faster.
  let at = block;
  let bits = found;
  let field = FIELDS;
  for (;;) {
    while (bits === 0) {
      at += 64;
      bits = separatorsIn(at);
      if (hasOdd(at)) oddEnd = at + 64;
    }
    const separator = at + <u32>ctz(bits);
    bits &= bits - 1;
    if (load<u8>(separator) !== LINE_FEED) {
      if (field === FIELDS_END) return 0;
      store<u32>(field, separator + 1);
      field += 4;
      continue;
    }
    block = at;
    found = bits;
    return field === FIELDS_END && line >= oddEnd && isUsual(line, separator) ? separator + 1 : 0;
  }
  return 0;
}

/** The same of a line that is an edge, without its version and status. */
export function readOddLine(end: u32, rejected: bool): void {
  isRejected = rejected;
  store<u32>(FIELDS, ODD_LINE);
  let field = FIELDS + 4;
  for (let at = ODD_LINE; at < end; at++) {
    if (load<u8>(at) !== SPACE) continue;
    store<u32>(field, at + 1);
    field += 4;
  }
  hasNode(SOURCE);
  hasNode(DESTINATION);
}

function isUsual(line: u32, end: u32): bool {
  if (load<u16>(line) !== VERSION_2 || load<u32>(ACCOUNT) !== line + 2) return false;
  if (lengthOf(ACCOUNT) - 1 >= MAX_NAME || lengthOf(INTERFACE) - 1 >= MAX_NAME) return false;
  if (!isNumber(SOURCE_PORT, 65_535) || !isNumber(DESTINATION_PORT, 65_535) || !isNumber(PROTOCOL, 255)) {
    return false;
  }
  for (let field = PACKETS; field < ACTION; field += 4) if (!isCount(field)) return false;
  const action = load<u32>(ACTION);
  if (end - action !== ACTION_AND_STATUS || load<u8>(action, 8) !== UPPER_K) return false;
  const text = load<u64>(action);
  isRejected = text === REJECT_O;
  return (isRejected || text === ACCEPT_O) && hasNode(SOURCE) && hasNode(DESTINATION);
}

function lengthOf(field: u32): u32 {
  return load<u32>(field, 4) - 1 - load<u32>(field);
}

function isNumber(field: u32, max: i64): bool {
  const from = load<u32>(field);
  const number = decimalAt(from, load<u32>(field, 4) - 1);
  return number >= 0 && number <= max && (load<u8>(from) !== ZERO || lengthOf(field) === 1);
}

/** Whether it is a number of up to 16 digits. */
function isCount(field: u32): bool {
  const from = load<u32>(field);
  const length = lengthOf(field);
  if (length - 1 >= 16) return false;
  const end = from + length;
  let odd = nonDigitsIn(end, min(length, 8));
  if (length > 8) odd |= nonDigitsIn(end - 8, length - 8);
  return odd === 0 && (load<u8>(from) !== ZERO || length === 1);
}

function hasNode(field: u32): bool {
  return isNode(load<u32>(field), load<u32>(field, 4) - 1);
}

/** Whether one of 64 bytes is a control character but a line feed, a quote, a backslash, or none of ASCII. */
function hasOdd(at: u32): bool {
  const low = v128.or(oddIn(v128.load(at)), oddIn(v128.load(at, 16)));
  return v128.any_true(v128.or(low, v128.or(oddIn(v128.load(at, 32)), oddIn(v128.load(at, 48)))));
}

function oddIn(bytes: v128): v128 {
  const feeds = i8x16.eq(bytes, i8x16.splat(0x0a));
  const controls = v128.andnot(i8x16.lt_s(bytes, i8x16.splat(0x20)), feeds);
  const deleted = i8x16.eq(bytes, i8x16.splat(0x7f));
  const quotes = v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c)));
  return v128.or(controls, v128.or(deleted, quotes));
}
