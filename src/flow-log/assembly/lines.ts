// The fast path of `text-reader.ts` in AssemblyScript: the same checks in the same order, of usual lines alone. A record
// goes into the tables of sums as a row of one, its texts as numbers that TypeScript told it before. At a line with
// anything else it stops.

import { decimalAt, separatorsIn } from "./bytes";
import { beginAt, endOfTables, flush, next, push } from "./sums";
import { endOfTexts, forgetTexts, rememberText, textNumber, textsAreFull, UNKNOWN } from "./texts";
export * from "./sums";

// Places in memory. TypeScript knows those that are exported. Up to `spans` they are before the texts. Before the input there is
// room to read backwards into.
const FURTHER_FIELDS: i32 = 10;
const MAX_VALUES: i32 = 1006;
/** A line, what is left of the one before, and what is read too much. */
const INPUT_BYTES: usize = 2 * 64 * 1024 + 128;

export const layout: usize = endOfTables;
export const values: usize = layout + 256;
export const results: usize = values + 4 * MAX_VALUES;
/** The numbers of a record's further values + 1, and those of the one before. */
export const further: usize = results + 64;
const furtherBefore: usize = further + 4 * FURTHER_FIELDS;
/** Where texts begin that are to be found, and behind that where they end. */
export const spans: usize = endOfTexts;
const MAX_SPANS: i32 = 4096;
export const input: usize = spans + 8 * MAX_SPANS;
const end: usize = input + INPUT_BYTES;
if (memory.size() << 16 < <i32>end) memory.grow(((<i32>end) >>> 16) + 1 - memory.size());
beginAt(end);

/** The number of the combination of the further values that are there. */
declare function combinationOf(): i32;
/** A record of this interface is added. */
declare function note(networkInterface: i32): void;

// The layout of a line, in words: numbers of values, -1 for a field that it hasn't.
const WIDTH: i32 = 0;
const FRONT: i32 = 1;
const VERSION: i32 = 2;
const ACCOUNT: i32 = 3;
const INTERFACE: i32 = 4;
const SOURCE: i32 = 5;
const SOURCE_FALLBACK: i32 = 6;
const DESTINATION: i32 = 7;
const DESTINATION_FALLBACK: i32 = 8;
const SOURCE_PORT: i32 = 9;
const DESTINATION_PORT: i32 = 10;
const PROTOCOL: i32 = 11;
const PACKETS: i32 = 12;
const BYTES: i32 = 13;
const START: i32 = 14;
const END: i32 = 15;
const ACTION: i32 = 16;
const TCP_FLAGS: i32 = 17;
const STATUS: i32 = 18;
const VPC: i32 = 19;
/** Pairs of a further field's number and its value. */
const FURTHER_COUNT: i32 = 20;
const FURTHER: i32 = 21;

const FIRST_VALUE: i32 = 4;

// Texts are numbered by table. The last two are asked where accounts, or VPCs, are selected.
const ACCOUNTS: i32 = 0;
const INTERFACES: i32 = 1;
const ADDRESSES: i32 = 2;
const FURTHER_TEXTS: i32 = 3;
const VPCS: i32 = 4;
const SELECTED_ACCOUNTS: i32 = 5;
/** Instead of a number: records with this text are left out. */
const LEFT_OUT: i32 = -2;

const MIN_TIME: i64 = 1_000_000_000;
/** What fits into a row's word. */
const MAX_TIME: i64 = 0xffffffff;
const MAX_BACKWARDS: i64 = 3600;
/** Longer lines are few, and go the slow path. */
const MAX_LINE: i32 = 4096;

const LINE_FEED: i32 = 0x0a;
const CARRIAGE_RETURN: i32 = 0x0d;
const DASH: i32 = 0x2d;
const UPPER_T: i32 = 0x54;

let windowStart: i64 = 0;
let windowStop: i64 = 0;
let partsPerSecond: f64 = 0;
let selectsAccounts: bool = false;
let selectsVpcs: bool = false;
let notes: bool = false;
/** That of `further`. */
let combinationBefore: i32 = 0;

/** Of the window, in seconds since 1970, and what is chosen. */
export function begin(start: f64, stop: f64, parts: f64, accounts: bool, vpcs: bool, interfaces: bool): void {
  windowStart = <i64>start;
  windowStop = <i64>stop;
  partsPerSecond = parts;
  selectsAccounts = accounts;
  selectsVpcs = vpcs;
  notes = interfaces;
}

/** Forgets all texts. */
export function forget(): void {
  forgetTexts();
  memory.fill(further, 0, 8 * FURTHER_FIELDS);
  combinationBefore = 0;
}

/** Remembers the number of a text of the input. Without room it begins anew. */
export function remember(table: i32, from: i32, to: i32, number: i32): void {
  if (textsAreFull()) forget();
  rememberText(table, input + from, to - from, number);
}

/** Puts the number of each text in the place of where it begins, or -3, what `codes.ts` has for one that nobody told. */
export function find(table: i32, count: i32, shift: i32): void {
  for (let index = 0; index < count; index++) {
    const at = spans + 4 * index;
    const from = load<i32>(at) + shift;
    const number = textNumber(table, input + from, load<i32>(at + 4 * MAX_SPANS) + shift - from);
    store<i32>(at, number < 0 ? -3 : number);
  }
}

/** The number of a value's text, `LEFT_OUT`, or `UNKNOWN`. */
function numberOf(table: i32, value: i32): i32 {
  const from = startOf(value);
  return textNumber(table, input + from, startOf(value + 1) - 1 - from);
}

function startOf(value: i32): i32 {
  return load<i32>(values + (value << 2));
}

function place(column: i32): i32 {
  return load<i32>(layout + (column << 2));
}

function lengthOf(value: i32): i32 {
  return startOf(value + 1) - 1 - startOf(value);
}

function isDash(value: i32): bool {
  return load<u8>(input + startOf(value)) === DASH;
}

/** The number that a value is; -1 when it isn't one to fifteen decimal digits. */
function decimal(value: i32): i64 {
  return decimalAt(input + startOf(value), input + startOf(value + 1) - 1);
}

// What `take` has done: words, then doubles.
const LINES: i32 = 0;
const RECORDS: i32 = 4;
const OUTSIDE: i32 = 8;
const NOT_SELECTED: i32 = 12;
/** Traits of all records, OR-ed. */
const TRAITS: i32 = 16;
const NODATA: i32 = 20;
const SKIPDATA: i32 = 24;
const LEAST_START: i32 = 32;
const GREATEST_END: i32 = 40;

/** Statuses that aren't counted. */
const OK: i32 = -1;
const ODD: i32 = -2;

const MORE: i32 = 0;
const STOP: i32 = 1;

/**
 * Takes the lines from `start` on until one isn't usual, or its end isn't before `filled`. There is a line feed at `filled`, and 64 bytes behind it can be read. Returns where the first line begins that
 * wasn't taken.
 */
export function take(start: i32, filled: i32): i32 {
  memory.fill(results, 0, 32);
  store<f64>(results, Infinity, LEAST_START);
  store<f64>(results, 0, GREATEST_END);
  const width = place(WIDTH);
  let line = start;
  let block = input + start;
  let found = separatorsIn(block);
  let lines = 0;
  for (;;) {
    let value = FIRST_VALUE;
    store<i32>(values + (FIRST_VALUE << 2), line);
    let at: i32;
    for (;;) {
      while (found === 0) {
        block += 64;
        found = separatorsIn(block);
      }
      at = <i32>(block + <usize>ctz(found) - input);
      found &= found - 1;
      if (load<u8>(input + at) === LINE_FEED) break;
      value++;
      if (value - FIRST_VALUE >= width) {
        // More values than there should be.
        flush();
        store<i32>(results, lines, LINES);
        return line;
      }
      store<i32>(values + (value << 2), at + 1);
    }
    if (at >= filled) break;
    if (at > line) {
      if (at - line > MAX_LINE || value - FIRST_VALUE + 1 !== width) break;
      const end = load<u8>(input + at - 1) === CARRIAGE_RETURN ? at - 1 : at;
      store<i32>(values + ((value + 1) << 2), end + 1);
      if (takeLine() === STOP) break;
    }
    lines++;
    line = at + 1;
  }
  flush();
  store<i32>(results, lines, LINES);
  return line;
}

/** What a record's status is counted as, `OK`, or `ODD`. */
function statusOf(value: i32): i32 {
  const text = input + startOf(value);
  const length = lengthOf(value);
  // "OK"
  if (length === 2 && load<u16>(text) === 0x4b4f) return OK;
  // "NODATA"
  if (length === 6 && load<u32>(text) === 0x41444f4e && load<u16>(text, 4) === 0x4154) return NODATA;
  // "SKIPDATA"
  if (length === 8 && load<u64>(text) === 0x4154414450494b53) return SKIPDATA;
  return ODD;
}

function count(what: i32): void {
  store<i32>(results + what, load<i32>(results + what) + 1);
}

/** `TextReader.#takeUsual`. */
function takeLine(): i32 {
  const first = input + startOf(FIRST_VALUE);
  const timestamped = load<u8>(first, 10) === UPPER_T && load<u8>(first, 4) === DASH;
  if (timestamped !== place(FRONT) > 0) return STOP;

  const version = decimal(place(VERSION));
  const end = decimal(place(END));
  if (version < 0 || version > 999 || end < MIN_TIME || end > MAX_TIME) return STOP;
  if (end < windowStart || end >= windowStop) {
    count(OUTSIDE);
    return MORE;
  }
  const account = numberOf(selectsAccounts ? SELECTED_ACCOUNTS : ACCOUNTS, place(ACCOUNT));
  const status = statusOf(place(STATUS));
  // Of what has no traffic, the account is told only where it is asked.
  if (account === UNKNOWN && (selectsAccounts || status === OK)) return STOP;
  if (account === LEFT_OUT) {
    count(NOT_SELECTED);
    return MORE;
  }

  if (status === ODD) return STOP;
  if (status !== OK) {
    // Those that lack their VPC may be of any.
    if (selectsVpcs) return STOP;
    count(status);
    return MORE;
  }

  if (selectsVpcs) {
    const vpc = numberOf(VPCS, place(VPC));
    if (vpc === UNKNOWN) return STOP;
    if (vpc === LEFT_OUT) {
      count(NOT_SELECTED);
      return MORE;
    }
  }

  const actionValue = place(ACTION);
  const actionLength = lengthOf(actionValue);
  let action = 0;
  if (actionLength === 6) {
    const text = input + startOf(actionValue);
    const front = load<u32>(text);
    const back = load<u16>(text, 4);
    // "ACCEPT", "REJECT"
    if (front === 0x45434341 && back === 0x5450) action = 1;
    else if (front === 0x454a4552 && back === 0x5443) action = 2;
    else return STOP;
  } else if (actionLength !== 1 || !isDash(actionValue)) {
    return STOP;
  }

  const sourcePort = decimal(place(SOURCE_PORT));
  const destinationPort = decimal(place(DESTINATION_PORT));
  const protocol = decimal(place(PROTOCOL));
  const packets = decimal(place(PACKETS));
  const bytes = decimal(place(BYTES));
  const flagsValue = place(TCP_FLAGS);
  const flags = decimal(flagsValue);
  const start = decimal(place(START));
  if (sourcePort < 0 || destinationPort < 0 || protocol < 0 || packets < 0 || bytes < packets) return STOP;
  if (start < MIN_TIME || start > MAX_TIME || start - end > MAX_BACKWARDS) return STOP;
  if (sourcePort > 65_535 || destinationPort > 65_535 || protocol > 255 || flags > 255) return STOP;
  if (flags < 0 && (lengthOf(flagsValue) !== 1 || !isDash(flagsValue))) return STOP;

  const sourceValue = place(SOURCE);
  const destinationValue = place(DESTINATION);
  const source = numberOf(ADDRESSES, isDash(sourceValue) ? place(SOURCE_FALLBACK) : sourceValue);
  const destination = numberOf(
    ADDRESSES,
    isDash(destinationValue) ? place(DESTINATION_FALLBACK) : destinationValue,
  );
  const networkInterface = numberOf(INTERFACES, place(INTERFACE));
  if ((networkInterface | source | destination) < 0) return STOP;

  const combination = place(FURTHER_COUNT) === 0 ? 0 : takeFurther();
  if (combination < 0) return STOP;

  const row = next();
  // As `Aggregation.add` has it, see `sum-row.ts`.
  store<i32>(row, account);
  store<i32>(row, networkInterface, 4);
  store<i32>(row, source, 8);
  store<i32>(row, destination, 12);
  store<u32>(row, ((<u32>sourcePort) << 16) | (<u32>destinationPort), 16);
  store<u32>(row, (<u32>protocol) | ((<u32>action) << 8), 20);
  const traits = traitsOf(<i32>flags);
  store<u32>(row, traits, 24);
  store<u32>(row, 1, 28);
  store<u32>(row, <u32>min(start, end), 32);
  store<u32>(row, <u32>end, 36);
  const part = <i32>(<f64>(end - windowStart) * partsPerSecond);
  store<u64>(row, (<u64>1) << (<u64>part), 40);
  store<f64>(row, <f64>packets, 48);
  store<f64>(row, <f64>bytes, 56);
  push(combination);

  count(RECORDS);
  if (notes) note(networkInterface);
  store<u32>(results, load<u32>(results, TRAITS) | traits, TRAITS);
  store<f64>(results, min(load<f64>(results, LEAST_START), <f64>start), LEAST_START);
  store<f64>(results, max(load<f64>(results, GREATEST_END), <f64>end), GREATEST_END);
  return MORE;
}

/** The combination of the record's further values. Records that follow each other often have the same. */
function takeFurther(): i32 {
  memory.copy(furtherBefore, further, 4 * FURTHER_FIELDS);
  memory.fill(further, 0, 4 * FURTHER_FIELDS);
  const fields = place(FURTHER_COUNT);
  for (let index = 0; index < fields; index++) {
    const value = place(FURTHER + 2 * index + 1);
    if (lengthOf(value) === 1 && isDash(value)) continue;
    const number = numberOf(FURTHER_TEXTS, value);
    if (number < 0) {
      memory.copy(further, furtherBefore, 4 * FURTHER_FIELDS);
      return UNKNOWN;
    }
    store<i32>(further + 4 * place(FURTHER + 2 * index), number + 1);
  }
  for (let field = 0; field < FURTHER_FIELDS; field++) {
    if (load<i32>(further + 4 * field) === load<i32>(furtherBefore + 4 * field)) continue;
    combinationBefore = combinationOf();
    break;
  }
  return combinationBefore;
}

/** See `traits.ts`. */
function traitsOf(flags: i32): u32 {
  if (flags < 0) return 0;
  const handshake = (flags & 2) === 0 ? 0 : (flags & 16) === 0 ? 0x400 : 0x200;
  return 0x100 | handshake | flags;
}
