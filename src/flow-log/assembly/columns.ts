// The fast path of `column-reader.ts` in AssemblyScript: the same checks in the same order, of usual records alone. A
// record comes out as a row of sums. At one with anything else it stops, and at a text that nobody has numbered yet.

const MAX_ROWS: i32 = 1024;
const COLUMN_BYTES: i32 = 8 * MAX_ROWS;
const ROW_BYTES: i32 = 64;
const FURTHER_FIELDS: i32 = 10;

// Places in memory. TypeScript knows them by these exports.
export const roles: i32 = 64;
export const results: i32 = roles + 256;
export const rows: i32 = (results + 64 + 63) & ~63;
export const further: i32 = rows + ROW_BYTES * MAX_ROWS;
/** One after the other: doubles, for each row of the block a number or one of the codes below. */
export const columns: i32 = further + 4 * FURTHER_FIELDS * MAX_ROWS;

// What columns are there for: numbers of columns, in words.
const VERSION: i32 = 0;
const ACCOUNT: i32 = 1;
const INTERFACE: i32 = 2;
const SOURCE: i32 = 3;
const SOURCE_FALLBACK: i32 = 4;
const DESTINATION: i32 = 5;
const DESTINATION_FALLBACK: i32 = 6;
const SOURCE_PORT: i32 = 7;
const DESTINATION_PORT: i32 = 8;
const PROTOCOL: i32 = 9;
const PACKETS: i32 = 10;
const BYTES: i32 = 11;
const START: i32 = 12;
const END: i32 = 13;
const ACTION: i32 = 14;
const TCP_FLAGS: i32 = 15;
const STATUS: i32 = 16;
/** Pairs of a further field's number and its column. */
const FURTHER_COUNT: i32 = 17;
const FURTHER: i32 = 18;

// What was done, in words.
const ROWS: i32 = 0;
const OUTSIDE: i32 = 4;
const NODATA_RECORDS: i32 = 8;
const SKIPDATA_RECORDS: i32 = 12;
/** The number of the column whose text nobody has numbered yet; -1 where something else is unusual. */
const UNKNOWN_COLUMN: i32 = 16;

// See `codes.ts`.
const NONE: f64 = -1;
const UNKNOWN: f64 = -3;
const OK: f64 = 0;
const NODATA: f64 = 1;
const SKIPDATA: f64 = 2;

const MIN_TIME: f64 = 1_000_000_000;
/** What fits into a row's word. */
const MAX_TIME: f64 = 0xffffffff;
const MAX_BACKWARDS: f64 = 3600;

let windowStart: f64 = 0;
let windowStop: f64 = 0;
let partsPerSecond: f64 = 0;
let leastStart: f64 = Infinity;

/** Of the window, in seconds since 1970. */
export function begin(start: f64, stop: f64, parts: f64): void {
  windowStart = start;
  windowStop = stop;
  partsPerSecond = parts;
}

/** The least start of all rows since it was asked for last. */
export function takeLeastStart(): f64 {
  const start = leastStart;
  leastStart = Infinity;
  return start;
}

/** Forgets the rows that were made. */
export function clear(): void {
  memory.fill(results, 0, 20);
}

/** Takes records from `from` up to `to`, and returns which wasn't taken. */
export function take(from: i32, to: i32): i32 {
  const versions = columnOf(VERSION);
  const accounts = columnOf(ACCOUNT);
  const interfaces = columnOf(INTERFACE);
  const sources = columnOf(SOURCE);
  const sourceFallbacks = columnOf(SOURCE_FALLBACK);
  const destinations = columnOf(DESTINATION);
  const destinationFallbacks = columnOf(DESTINATION_FALLBACK);
  const sourcePorts = columnOf(SOURCE_PORT);
  const destinationPorts = columnOf(DESTINATION_PORT);
  const protocols = columnOf(PROTOCOL);
  const packetCounts = columnOf(PACKETS);
  const byteCounts = columnOf(BYTES);
  const starts = columnOf(START);
  const ends = columnOf(END);
  const actions = columnOf(ACTION);
  const tcpFlags = columnOf(TCP_FLAGS);
  const statuses = columnOf(STATUS);
  const furtherCount = load<i32>(roles + 4 * FURTHER_COUNT);
  let made = load<i32>(results + ROWS);
  let least = leastStart;
  let unknown = -1;
  let row = from;
  for (; row < to; row++) {
    const at = 8 * row;
    const version = load<f64>(versions + at);
    const end = load<f64>(ends + at);
    if (version < 0 || version > 999 || end < MIN_TIME || end > MAX_TIME) break;
    if (end < windowStart || end >= windowStop) {
      count(OUTSIDE);
      continue;
    }
    const status = load<f64>(statuses + at);
    if (status != OK) {
      if (status == NODATA) {
        count(NODATA_RECORDS);
        continue;
      }
      if (status == SKIPDATA) {
        count(SKIPDATA_RECORDS);
        continue;
      }
      if (status == UNKNOWN) unknown = STATUS;
      break;
    }
    const action = load<f64>(actions + at);
    if (action < 0) {
      if (action == UNKNOWN) unknown = ACTION;
      break;
    }
    const sourcePort = load<f64>(sourcePorts + at);
    const destinationPort = load<f64>(destinationPorts + at);
    const protocol = load<f64>(protocols + at);
    const packets = load<f64>(packetCounts + at);
    const bytes = load<f64>(byteCounts + at);
    const flags = load<f64>(tcpFlags + at);
    const start = load<f64>(starts + at);
    if (sourcePort < 0 || destinationPort < 0 || protocol < 0 || packets < 0 || bytes < packets) break;
    if (start < MIN_TIME || start > MAX_TIME || start - end > MAX_BACKWARDS) break;
    if (sourcePort > 65_535 || destinationPort > 65_535 || protocol > 255 || flags > 255 || flags < NONE)
      break;

    let role = SOURCE;
    let source = load<f64>(sources + at);
    if (source == NONE) {
      role = SOURCE_FALLBACK;
      source = load<f64>(sourceFallbacks + at);
    }
    if (source < 0) {
      if (source == UNKNOWN) unknown = role;
      break;
    }
    role = DESTINATION;
    let destination = load<f64>(destinations + at);
    if (destination == NONE) {
      role = DESTINATION_FALLBACK;
      destination = load<f64>(destinationFallbacks + at);
    }
    if (destination < 0) {
      if (destination == UNKNOWN) unknown = role;
      break;
    }
    const account = load<f64>(accounts + at);
    if (account < 0) {
      if (account == UNKNOWN) unknown = ACCOUNT;
      break;
    }
    const networkInterface = load<f64>(interfaces + at);
    if (networkInterface < 0) {
      if (networkInterface == UNKNOWN) unknown = INTERFACE;
      break;
    }
    if (furtherCount > 0) {
      role = takeFurther(furtherCount, at, further + 4 * FURTHER_FIELDS * made);
      if (role != 0) {
        unknown = role;
        break;
      }
    }

    // As `Aggregation.add` has it, see `sum-row.ts`.
    const to = rows + ROW_BYTES * made;
    store<i32>(to, <i32>account, 0);
    store<i32>(to, <i32>networkInterface, 4);
    store<i32>(to, <i32>source, 8);
    store<i32>(to, <i32>destination, 12);
    store<u32>(to, ((<u32>sourcePort) << 16) | (<u32>destinationPort), 16);
    store<u32>(to, (<u32>protocol) | ((<u32>action) << 8), 20);
    store<u32>(to, traitsOf(<i32>flags), 24);
    store<u32>(to, 1, 28);
    store<u32>(to, <u32>min(start, end), 32);
    store<u32>(to, <u32>end, 36);
    const part = <u64>((end - windowStart) * partsPerSecond);
    store<u64>(to, (<u64>1) << part, 40);
    store<f64>(to, packets, 48);
    store<f64>(to, bytes, 56);
    least = min(least, start);
    made++;
  }
  store<i32>(results + ROWS, made);
  store<i32>(results + UNKNOWN_COLUMN, unknown < 0 ? -1 : load<i32>(roles + 4 * unknown));
  leastStart = least;
  return row;
}

/** Puts a record's further values; otherwise the role of one that nobody has numbered yet, or -1 for something odd. */
function takeFurther(count: i32, at: i32, to: i32): i32 {
  memory.fill(to, 0, 4 * FURTHER_FIELDS);
  for (let index = 0; index < count; index++) {
    const role = FURTHER + 2 * index + 1;
    const value = load<f64>(columnOf(role) + at);
    if (value < NONE) return value == UNKNOWN ? role : -1;
    const field = load<i32>(roles + 4 * (role - 1));
    store<i32>(to + 4 * field, <i32>value + 1);
  }
  return 0;
}

function columnOf(role: i32): i32 {
  return columns + COLUMN_BYTES * load<i32>(roles + 4 * role);
}

function count(what: i32): void {
  store<i32>(results + what, load<i32>(results + what) + 1);
}

/** See `traits.ts`. */
function traitsOf(flags: i32): u32 {
  if (flags < 0) return 0;
  const handshake = (flags & 2) === 0 ? 0 : (flags & 16) === 0 ? 0x400 : 0x200;
  return 0x100 | handshake | flags;
}
