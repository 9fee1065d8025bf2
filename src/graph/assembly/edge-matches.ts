import {
  addToken,
  digits,
  digitsToken,
  literals,
  match,
  matchToken,
  MAX_DISTANCE,
  MAX_MATCH,
  repeat,
} from "./deflate";
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
  START_VALUE,
} from "./line";
import {
  ACCOUNTS_SEEN,
  ADDRESSES_SEEN,
  ADDRESSES_SEEN_BITS,
  COLOURS_SEEN,
  INTERFACES_SEEN,
  LINES_SEEN_BITS,
  PORTS_SEEN,
  SAME,
} from "./memory";
import { setTail, shift, tail, tailBefore } from "./text";

/** A match of at least so many bytes of text, of a value, of an address is shorter than literals. */
export const TEXT_MATCH: u32 = 4;
const VALUE_MATCH: u32 = 5;
const ADDRESS_MATCH: u32 = 6;
/** What `digits` takes. */
const MAX_DIGITS: u32 = 16;
/** In `SAME`: the number is the same, and so is the text after it. */
const ALL: u32 = 255;
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
  compareValues();
  at = names(at, ATTRIBUTES, limit, sameInterface, sameAccount, sameColour);
  at = ports(at, ATTRIBUTES, limit, samePorts);
  at = values(at, ATTRIBUTES, SOURCE_PORT_VALUE, BYTES_VALUE);
  if (at < load<u32>(line, ATTRIBUTES + BYTES_END)) at = like(before, at, ATTRIBUTES, BYTES_END, limit);
  const start = load<u32>(line, ATTRIBUTES + START_VALUE);
  if (at < start) at = like(sameInterface, at, ATTRIBUTES, BYTES_END, limit);
  if (at < start) at = like(sameAccount, at, ATTRIBUTES, BYTES_END, limit);
  if (at < start) at = like(sameColour, at, ATTRIBUTES, BYTES_END, limit);
  at = values(at, ATTRIBUTES, START_VALUE, END_VALUE);
  if (at < load<u32>(line, ATTRIBUTES + HALF_END)) at = like(before, at, ATTRIBUTES, HALF_END, limit);

  at = names(at, LABEL, limit, sameInterface, sameAccount, sameColour);
  at = ports(at, LABEL, limit, samePorts);
  at = values(at, LABEL, SOURCE_PORT_VALUE, END_VALUE);
  setTail(at, load<u32>(before, LABEL + HALF_END) + (at - limit));
}

function ports(at: u32, half: u32, limit: u32, samePorts: u32): u32 {
  const isDone = at >= load<u32>(line + half, PACKETS_VALUE);
  return isDone ? at : like(samePorts, at, half, INTERFACE_END, limit);
}

/** Counts how many bytes of each number are those of the line before. */
function compareValues(): void {
  if (load<u32>(before, SOURCE) === 0) {
    // There is none: its positions are of no text.
    memory.fill(SAME, 0, LABEL - ATTRIBUTES + 8);
    return;
  }
  for (let place = SOURCE_PORT_VALUE; place <= END_VALUE; place += 8) {
    const from = load<u32>(line + place, ATTRIBUTES);
    const other = load<u32>(before + place, ATTRIBUTES);
    const equal = i8x16.bitmask(i8x16.eq(v128.load(from + shift), v128.load(other + shift)));
    const same = <u32>ctz(~equal);
    // What ends a value isn't part of any: where it is there as well, all is the same.
    store<u32>(SAME + place, same > load<u32>(line + place, ATTRIBUTES + 4) - from ? ALL : same);
  }
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

/**
 * The text before a number, and the number, from one to another. The text is that of the line before, and so is as much of the
 * number as was counted. Returns how far this went: the numbers that are left are all the same as there.
 */
function values(start: u32, half: u32, first: u32, last: u32): u32 {
  const here = line + half;
  const there = before + half;
  let at = start;
  for (let place = first; place <= last; place += 8) {
    const same = load<u32>(SAME + place);
    const to = load<u32>(here + place, 4);
    if (same === ALL || at >= to) continue;
    const from = load<u32>(here + place);
    const distance = from - load<u32>(there + place);
    if (at + TEXT_MATCH <= from + same && distance <= MAX_DISTANCE) at = match(at, from + same, distance);
    if (at < from) at = literals(at, from);
    const count = to - at;
    if (half === ATTRIBUTES) {
      at = count > MAX_DIGITS ? literals(at, to) : digits(at, to);
      continue;
    }
    const again = matchToken(max(count, VALUE_MATCH), from - load<u32>(line + ATTRIBUTES + place));
    // Nobody could predict a branch that depends on how long a number is.
    addToken(select(again, digitsToken(at, min(count, VALUE_MATCH)), count >= VALUE_MATCH));
    at = to;
  }
  return at;
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
  if (at >= to) return at;
  const length = to - at;
  const others = i8x16.bitmask(i8x16.gt_u(v128.load(at + shift), i8x16.splat(0x39)));
  return length > MAX_DIGITS || (others & ((1 << length) - 1)) !== 0 ? literals(at, to) : digits(at, to);
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
  const from = load<u32>(line + half + place);
  const distance = from - load<u32>(line + ATTRIBUTES + place);
  if (distance > 0 && start >= from && start + VALUE_MATCH <= to && start + MAX_MATCH >= to) {
    return match(start, to, distance);
  }
  return literals(start, to);
}
