import type { Row } from "./row.js";

const SPACE = 0x20;
const QUOTE = 0x22;
const ZERO = 0x30;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;

// Two and four characters, as a big-endian read sees them.
const VERSION_2 = 0x3220; // "2 "
const ACCE = 0x41434345;
const REJE = 0x52454a45;
const PT_O = 0x5054204f; // "PT O"
const CT_O = 0x4354204f; // "CT O"
const K_LF = 0x4b0a; // "K\n"
const ACTION_TO_LF_BYTES = 10;

const MAX_TOKEN_BYTES = 256;
/** Any number of so many digits is below 2^63. */
const MAX_COUNT_DIGITS = 18;

const FAILED = -1;

/**
 * The fast path: delimits the fields of the line at a position, if it is the usual one, "2 … ACCEPT OK" in canonical
 * form without a backslash. The bytes up to `end` close with a line feed, which no field contains: that is what keeps
 * every loop from running past the end. Addresses aren't validated: the address table knows most of them already.
 *
 * @returns the position after the line, or -1: then `parseLine` has to say what it is
 */
export function scanLine(row: Row, view: DataView, at: number, end: number): number {
  if (end - at < 3 || view.getUint16(at) !== VERSION_2) return FAILED;
  row.view = view;
  row.account = at + 2;
  row.interface = afterToken(view, row.account);
  row.source = afterToken(view, row.interface);
  row.destination = afterToken(view, row.source);
  row.sourcePort = afterToken(view, row.destination);
  row.destinationPort = afterNumber(view, row.sourcePort, 65_535);
  row.protocol = afterNumber(view, row.destinationPort, 65_535);
  row.packets = afterNumber(view, row.protocol, 255);
  row.bytes = afterCount(view, row.packets);
  row.start = afterCount(view, row.bytes);
  row.end = afterCount(view, row.start);
  row.action = afterCount(view, row.end);
  return afterStatus(row, view, row.action, end);
}

// Each of these returns the position after the field and its space, or hands a failure on.

function afterToken(view: DataView, from: number): number {
  if (from === FAILED) return FAILED;
  for (let at = from; at - from <= MAX_TOKEN_BYTES; at++) {
    const byte = view.getUint8(at);
    if (byte === SPACE) return at === from ? FAILED : at + 1;
    if (byte < SPACE || byte >= DELETE || byte === QUOTE || byte === BACKSLASH) return FAILED;
  }
  return FAILED;
}

function afterNumber(view: DataView, from: number, max: number): number {
  if (from === FAILED) return FAILED;
  let value = 0;
  for (let at = from; value <= max; at++) {
    const digit = view.getUint8(at) - ZERO;
    if (digit < 0 || digit > 9) return isNumberEnd(view, from, at) ? at + 1 : FAILED;
    value = value * 10 + digit;
  }
  return FAILED;
}

function afterCount(view: DataView, from: number): number {
  if (from === FAILED) return FAILED;
  for (let at = from; at - from <= MAX_COUNT_DIGITS; at++) {
    const digit = view.getUint8(at) - ZERO;
    if (digit < 0 || digit > 9) return isNumberEnd(view, from, at) ? at + 1 : FAILED;
  }
  return FAILED;
}

/** At a space, after at least one digit, and the first of several isn't 0. */
function isNumberEnd(view: DataView, from: number, at: number): boolean {
  return view.getUint8(at) === SPACE && at > from && (at === from + 1 || view.getUint8(from) !== ZERO);
}

function afterStatus(row: Row, view: DataView, at: number, end: number): number {
  if (at === FAILED || end - at < ACTION_TO_LF_BYTES || view.getUint16(at + 8) !== K_LF) return FAILED;
  const action = view.getUint32(at);
  const rest = view.getUint32(at + 4);
  row.rejected = action === REJE && rest === CT_O;
  return row.rejected || (action === ACCE && rest === PT_O) ? at + ACTION_TO_LF_BYTES : FAILED;
}
