import {
  ACCOUNT,
  ATTRIBUTES,
  BEGIN,
  BYTES_VALUE,
  DESTINATION,
  DESTINATION_PORT_VALUE,
  END_VALUE,
  INTERFACE,
  LABEL,
  line,
  PACKETS_VALUE,
  PROTOCOL_VALUE,
  SOURCE,
  SOURCE_END,
  SOURCE_PORT_VALUE,
  START_VALUE,
} from "./line";
import {
  ADDRESSES,
  ADDRESS_BYTES,
  ADDRESS_LENGTHS,
  BYTES,
  DESTINATION_PORT,
  END,
  FIELDS,
  NAMES,
  PACKETS,
  PROTOCOL,
  REJECTED,
  SOURCE_PORT,
  START,
} from "./memory";
import { ACCOUNT_ATTRIBUTE, ARROW, ATTRIBUTE, GREEN, INDENT, LABEL_LINE, LINE_END, RED } from "./pieces";
import { copy, end, endAt, shift, writeDecimal, writePiece } from "./text";

/** Writes a row of the columns, and marks what is where in `line`. */
export function writeEdge(row: u32): void {
  const addresses = ADDRESSES + 2 * row * ADDRESS_BYTES;
  const lengths = ADDRESS_LENGTHS + 2 * row;
  const names = load<u32>(NAMES + 4 * row);
  const account = load<u32>(names);
  let at = writeEnds(addresses, load<u8>(lengths), addresses + ADDRESS_BYTES, load<u8>(lengths, 1));
  at = writeText(at, names + 8, account, ACCOUNT_ATTRIBUTE, ACCOUNT);
  at = writeText(at, names + 8 + account, load<u32>(names, 4), ATTRIBUTE, INTERFACE);
  at = writeNumber(at, load<u16>(SOURCE_PORT + 2 * row), ATTRIBUTE + 1, SOURCE_PORT_VALUE);
  at = writeNumber(at, load<u16>(DESTINATION_PORT + 2 * row), ATTRIBUTE + 2, DESTINATION_PORT_VALUE);
  at = writeNumber(at, load<u8>(PROTOCOL + row), ATTRIBUTE + 3, PROTOCOL_VALUE);
  at = writeNumber(at, load<u64>(PACKETS + 8 * row), ATTRIBUTE + 4, PACKETS_VALUE);
  at = writeNumber(at, load<u64>(BYTES + 8 * row), ATTRIBUTE + 5, BYTES_VALUE);
  at = writeNumber(at, load<u64>(START + 8 * row), ATTRIBUTE + 6, START_VALUE);
  at = writeNumber(at, load<u64>(END + 8 * row), ATTRIBUTE + 7, END_VALUE);
  writeLabel(at, load<bool>(REJECTED + row));
}

/** Writes a line of a digest, of which `FIELDS` tells where the fields are. */
export function writeLine(isRejected: bool): void {
  let at = writeEnds(field(2), fieldBytes(2), field(3), fieldBytes(3));
  at = writeField(at, 0, ACCOUNT_ATTRIBUTE, ACCOUNT);
  at = writeField(at, 1, ATTRIBUTE, INTERFACE);
  for (let i: u32 = 1; i < 8; i++) at = writeField(at, 3 + i, ATTRIBUTE + i, INTERFACE + 8 * i);
  writeLabel(at, isRejected);
}

/** Where a field is, which ends one byte before the next one. */
function field(index: u32): u32 {
  return load<u32>(FIELDS + 4 * index);
}

function fieldBytes(index: u32): u32 {
  return field(index + 1) - field(index) - 1;
}

function writeField(at: u32, index: u32, piece: u32, place: u32): u32 {
  return writeText(at, field(index), fieldBytes(index), piece, place);
}

function writeEnds(source: u32, sourceBytes: u32, destination: u32, destinationBytes: u32): u32 {
  let at = writePiece(end + shift, INDENT);
  mark(SOURCE, at);
  at = copy(at, source, sourceBytes);
  mark(SOURCE_END, at);
  at = writePiece(at, ARROW);
  mark(DESTINATION, at);
  at = copy(at, destination, destinationBytes);
  mark(ATTRIBUTES + BEGIN, at);
  return at;
}

function writeText(start: u32, from: u32, length: u32, piece: u32, place: u32): u32 {
  let at = writePiece(start, piece);
  mark(ATTRIBUTES + place, at);
  at = copy(at, from, length);
  mark(ATTRIBUTES + place + 4, at);
  return at;
}

function writeNumber(start: u32, value: u64, piece: u32, place: u32): u32 {
  let at = writePiece(start, piece);
  mark(ATTRIBUTES + place, at);
  at = writeDecimal(at, value);
  mark(ATTRIBUTES + place + 4, at);
  return at;
}

/** The values of the attributes once more. */
function writeLabel(start: u32, isRejected: bool): void {
  let at = writeAgain(start, isRejected ? RED : GREEN, ACCOUNT);
  at = writeAgain(at, LABEL_LINE, INTERFACE);
  at = writeAgain(at, LABEL_LINE + 1, SOURCE_PORT_VALUE);
  at = writeAgain(at, LABEL_LINE + 2, DESTINATION_PORT_VALUE);
  at = writeAgain(at, LABEL_LINE + 3, PROTOCOL_VALUE);
  at = writeAgain(at, LABEL_LINE + 4, PACKETS_VALUE);
  at = writeAgain(at, LABEL_LINE + 5, BYTES_VALUE);
  at = writeAgain(at, LABEL_LINE + 6, START_VALUE);
  at = writeAgain(at, LABEL_LINE + 7, END_VALUE);
  endAt(writePiece(at, LINE_END));
}

function writeAgain(start: u32, piece: u32, place: u32): u32 {
  const from = load<u32>(line + ATTRIBUTES + place);
  const to = load<u32>(line + ATTRIBUTES + place, 4);
  let at = writePiece(start, piece);
  mark(LABEL + place, at);
  at = copy(at, from + shift, to - from);
  mark(LABEL + place + 4, at);
  return at;
}

function mark(place: u32, address: u32): void {
  store<u32>(line + place, address - shift);
}
