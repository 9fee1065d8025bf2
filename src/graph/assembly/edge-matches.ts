import { literals, repeat, sameBytes } from "./deflate";
import {
  ACCOUNT,
  ACCOUNT_END,
  ATTRIBUTES,
  before,
  BEGIN,
  BYTES_END,
  BYTES_VALUE,
  DESTINATION,
  DESTINATION_PORT_VALUE,
  END_VALUE,
  HALF_END,
  INTERFACE,
  INTERFACE_END,
  LABEL,
  line,
  PACKETS_VALUE,
  PROTOCOL_VALUE,
  SOURCE,
  SOURCE_END,
  SOURCE_PORT_VALUE,
  START_END,
  START_VALUE,
} from "./line";
import {
  ACCOUNTS_SEEN,
  ADDRESSES_SEEN,
  ADDRESSES_SEEN_BITS,
  COLOURS_SEEN,
  HISTORY_BYTES,
  INTERFACES_SEEN,
  LINES_SEEN_BITS,
  PORTS_SEEN,
} from "./memory";
import { setTail, shift, tail, tailBefore } from "./text";

/** A match of at least so many bytes of text, of a value, of an address is shorter than literals. */
export const TEXT_MATCH: u32 = 4;
const VALUE_MATCH: u32 = 5;
const ADDRESS_MATCH: u32 = 6;
/** `d label="accountID=`, where an edge is red. */
const COLOUR_BEFORE_ACCOUNT: u32 = 19;

/** Compresses what `line` marks, after the end of the line before. Its own end waits for the next line. */
export function compressEdge(): void {
  const limit = load<u32>(line, LABEL + HALF_END);
  const source = load<u32>(line, SOURCE);
  const sourceEnd = load<u32>(line, SOURCE_END);
  const destination = load<u32>(line, DESTINATION);
  let at = repeat(tail, limit, tailBefore, TEXT_MATCH);
  if (at < source) at = literals(at, source);
  at = address(at, source, sourceEnd, limit);
  if (at < destination) at = repeat(at, limit, load<u32>(before, SOURCE_END) + (at - sourceEnd), TEXT_MATCH);
  if (at < destination) at = literals(at, destination);
  at = address(at, destination, load<u32>(line, ATTRIBUTES + BEGIN), limit);

  const account = load<u32>(line, LABEL + ACCOUNT) + shift;
  const colour = <u64>load<u8>(account - COLOUR_BEFORE_ACCOUNT);
  const sameInterface = seen(INTERFACES_SEEN, load<u64>(load<u32>(line, LABEL + INTERFACE_END) + shift - 8));
  const sameAccount = seen(ACCOUNTS_SEEN, load<u64>(account) + colour);
  const sameColour = seen(COLOURS_SEEN, colour);
  const samePorts = seen(PORTS_SEEN, portsKey());
  for (let half = ATTRIBUTES; half <= LABEL; half += LABEL - ATTRIBUTES) {
    at = names(at, half, limit, sameInterface, sameAccount, sameColour);
    at = ports(at, half, limit, samePorts);
    at = value(at, half, PACKETS_VALUE);
    at = text(at, half, PACKETS_VALUE + 4, limit);
    at = value(at, half, BYTES_VALUE);
    if (half === ATTRIBUTES) {
      const start = load<u32>(line, ATTRIBUTES + START_VALUE);
      if (at < start) at = like(sameInterface, at, half, BYTES_END, limit);
      if (at < start) at = like(sameAccount, at, half, BYTES_END, limit);
      if (at < start) at = like(sameColour, at, half, BYTES_END, limit);
    } else {
      const distance = sameTimes();
      if (distance > 0) return setTail(at, at - distance);
    }
    if (at < load<u32>(line + half, HALF_END)) at = times(at, half, limit);
  }
  setTail(at, load<u32>(before, LABEL + HALF_END) + (at - limit));
}

function names(
  start: u32,
  half: u32,
  limit: u32,
  sameInterface: u32,
  sameAccount: u32,
  sameColour: u32,
): u32 {
  const accountEnd = load<u32>(line + half, ACCOUNT_END);
  const interfaceEnd = load<u32>(line + half, INTERFACE_END);
  if (start >= interfaceEnd) return start;
  let at = like(sameInterface, start, half, BEGIN, limit);
  if (at >= interfaceEnd) return at;
  if (at < accountEnd) at = like(sameAccount, at, half, BEGIN, limit);
  if (at < accountEnd) at = like(sameColour, at, half, BEGIN, limit);
  if (at < accountEnd) at = value(at, half, ACCOUNT);
  at = text(at, half, ACCOUNT_END, limit);
  return value(at, half, INTERFACE);
}

/** All up to the packets. */
function ports(start: u32, half: u32, limit: u32, samePorts: u32): u32 {
  const packets = load<u32>(line + half, PACKETS_VALUE);
  if (start >= packets) return start;
  let at = like(samePorts, start, half, INTERFACE_END, limit);
  if (at >= packets) return at;
  for (let place = SOURCE_PORT_VALUE; place < PACKETS_VALUE; place += 8) {
    at = text(at, half, place - 4, limit);
    at = value(at, half, place);
  }
  return text(at, half, PACKETS_VALUE - 4, limit);
}

function times(start: u32, half: u32, limit: u32): u32 {
  let at = text(start, half, BYTES_END, limit);
  at = value(at, half, START_VALUE);
  at = text(at, half, START_END, limit);
  return value(at, half, END_VALUE);
}

/** Where the times are the same as in the line before, they go with the line's end: how far away they are, else 0. */
function sameTimes(): u32 {
  const from = load<u32>(line, LABEL + BYTES_END);
  const length = load<u32>(line, LABEL + HALF_END) - from;
  const distance = from - load<u32>(before, LABEL + BYTES_END);
  return distance <= HISTORY_BYTES && sameBytes(from, distance, length) === length ? distance : 0;
}

function portsKey(): u64 {
  const source = load<u32>(line, ATTRIBUTES + SOURCE_PORT_VALUE) + shift;
  const destination = load<u32>(line, ATTRIBUTES + DESTINATION_PORT_VALUE) + shift;
  const protocol = load<u32>(line, ATTRIBUTES + PROTOCOL_VALUE) + shift;
  return load<u64>(source) * 31 + load<u64>(destination) * 17 + load<u32>(protocol);
}

/** The line that had this last; from now on it is this one. */
function seen(table: u32, key: u64): u32 {
  const slot = table + (hash(key, LINES_SEEN_BITS) << 2);
  const last = load<u32>(slot);
  store<u32>(slot, line);
  return last;
}

function hash(key: u64, bits: u64): u32 {
  return <u32>((key * 0x9e3779b97f4a7c15) >> (64 - bits));
}

/** What is left from a place on, as it was in another line. */
function like(other: u32, at: u32, half: u32, place: u32, limit: u32): u32 {
  return repeat(
    at,
    limit,
    load<u32>(other + half + place) + (at - load<u32>(line + half + place)),
    TEXT_MATCH,
  );
}

/** The address between two positions, or what is left of it. */
function address(start: u32, from: u32, to: u32, limit: u32): u32 {
  const slot = ADDRESSES_SEEN + (hash(load<u64>(to + shift - 8), ADDRESSES_SEEN_BITS) << 2);
  const last = load<u32>(slot);
  store<u32>(slot, from);
  if (start >= to) return start;
  const at = repeat(start, limit, last + (start - from), ADDRESS_MATCH);
  return at < to ? literals(at, to) : at;
}

/** What is between a value's end and the next value, as in the line before. */
function text(start: u32, half: u32, place: u32, limit: u32): u32 {
  const to = load<u32>(line + half + place, 4);
  if (start >= to) return start;
  const at = like(before, start, half, place, limit);
  return at < to ? literals(at, to) : at;
}

/** A value, or what is left of it: in a label, as it is among the attributes. */
function value(start: u32, half: u32, place: u32): u32 {
  const to = load<u32>(line + half + place, 4);
  if (start >= to) return start;
  let at = start;
  if (half === LABEL) {
    const from = load<u32>(line + LABEL + place);
    at = repeat(at, to, load<u32>(line + ATTRIBUTES + place) + (at - from), VALUE_MATCH);
  }
  return at < to ? literals(at, to) : at;
}
