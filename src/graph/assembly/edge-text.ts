import {
  ACCOUNT,
  ACCOUNT_END,
  ATTRIBUTES,
  BEGIN,
  BYTES_VALUE,
  DESTINATION,
  DESTINATION_PORT_VALUE,
  END_VALUE,
  INTERFACE,
  INTERFACE_END,
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
  let at = writePiece(end + shift, INDENT);
  mark(SOURCE, at);
  const addresses = ADDRESSES + 2 * row * ADDRESS_BYTES;
  at = copy(at, addresses, load<u8>(ADDRESS_LENGTHS + 2 * row));
  mark(SOURCE_END, at);
  at = writePiece(at, ARROW);
  mark(DESTINATION, at);
  at = copy(at, addresses + ADDRESS_BYTES, load<u8>(ADDRESS_LENGTHS + 2 * row + 1));

  mark(ATTRIBUTES + BEGIN, at);
  at = writePiece(at, ACCOUNT_ATTRIBUTE);
  const names = load<u32>(NAMES + 4 * row);
  at = writeNames(at, names, ATTRIBUTES, ATTRIBUTE);
  at = writeNumber(at, load<u16>(SOURCE_PORT + 2 * row), ATTRIBUTE + 1, SOURCE_PORT_VALUE);
  at = writeNumber(at, load<u16>(DESTINATION_PORT + 2 * row), ATTRIBUTE + 2, DESTINATION_PORT_VALUE);
  at = writeNumber(at, load<u8>(PROTOCOL + row), ATTRIBUTE + 3, PROTOCOL_VALUE);
  at = writeNumber(at, load<u64>(PACKETS + 8 * row), ATTRIBUTE + 4, PACKETS_VALUE);
  at = writeNumber(at, load<u64>(BYTES + 8 * row), ATTRIBUTE + 5, BYTES_VALUE);
  at = writeNumber(at, load<u64>(START + 8 * row), ATTRIBUTE + 6, START_VALUE);
  at = writeNumber(at, load<u64>(END + 8 * row), ATTRIBUTE + 7, END_VALUE);

  at = writePiece(at, load<u8>(REJECTED + row) ? RED : GREEN);
  at = writeNames(at, names, LABEL, LABEL_LINE);
  at = writeAgain(at, LABEL_LINE + 1, SOURCE_PORT_VALUE);
  at = writeAgain(at, LABEL_LINE + 2, DESTINATION_PORT_VALUE);
  at = writeAgain(at, LABEL_LINE + 3, PROTOCOL_VALUE);
  at = writeAgain(at, LABEL_LINE + 4, PACKETS_VALUE);
  at = writeAgain(at, LABEL_LINE + 5, BYTES_VALUE);
  at = writeAgain(at, LABEL_LINE + 6, START_VALUE);
  at = writeAgain(at, LABEL_LINE + 7, END_VALUE);
  endAt(writePiece(at, LINE_END));
}

function mark(place: u32, address: u32): void {
  store<u32>(line + place, address - shift);
}

function writeNames(start: u32, names: u32, half: u32, piece: u32): u32 {
  const accountBytes = load<u32>(names);
  const interfaceBytes = load<u32>(names, 4);
  mark(half + ACCOUNT, start);
  let at = copy(start, names + 8, accountBytes);
  mark(half + ACCOUNT_END, at);
  at = writePiece(at, piece);
  mark(half + INTERFACE, at);
  at = copy(at, names + 8 + accountBytes, interfaceBytes);
  mark(half + INTERFACE_END, at);
  return at;
}

function writeNumber(start: u32, value: u64, piece: u32, place: u32): u32 {
  let at = writePiece(start, piece);
  mark(ATTRIBUTES + place, at);
  at = writeDecimal(at, value);
  mark(ATTRIBUTES + place + 4, at);
  return at;
}

/** A value of the attributes, in the label. */
function writeAgain(start: u32, piece: u32, place: u32): u32 {
  const from = load<u32>(line + ATTRIBUTES + place);
  const to = load<u32>(line + ATTRIBUTES + place, 4);
  let at = writePiece(start, piece);
  mark(LABEL + place, at);
  at = copy(at, from + shift, to - from);
  mark(LABEL + place + 4, at);
  return at;
}
