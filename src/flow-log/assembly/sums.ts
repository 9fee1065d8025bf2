// The tables of sums: rows of sums, one for each key, and what finds them. See `key-table.ts` and `sum-row.ts`.

/** A row is a cache line, so that one that isn't cached costs one access to memory. */
export const ROW_BYTES: usize = 64;
const CHUNK_ROWS: i32 = 1024;
const CHUNK_BYTES: usize = ROW_BYTES * CHUNK_ROWS;
const COMBINATIONS_BYTES: usize = 4 * CHUNK_ROWS;
const FIRST_SLOTS: i32 = 128;
const FIRST_CHUNKS: i32 = 128;
const PARTITIONS: i32 = 64;
const PARTITION_SHIFT: u32 = 26;
/** First those of rows whose serving end is told, then those of the others. */
const TABLES: i32 = 2 * PARTITIONS;

// Places in memory. TypeScript knows those that are exported.
/** A row to be added to a table that is told. */
export const row: usize = 64;
/** In words: the table that the last row went to, and the row that it went to. */
export const wentTo: usize = 128;
/** How many rows wait. */
export const waiting: usize = 136;
/** Something made of all that is asked for ahead, without which no compiler would have to read it. */
const asked: usize = 140;
/** Six words of 64 bits, the second, fourth and last odd, by which keys are hashed. */
export const secret: usize = 192;
export const tables: usize = 256;
const TABLE_BYTES: usize = 32;
/** For each power of two the first place of its size that is free. */
const freePlaces: usize = tables + TABLE_BYTES * TABLES;
/** 1 for each port that is known to be a service's. */
export const knownPorts: usize = freePlaces + 4 * 32;
/** Rows that wait to be added, their combinations, and of each its table and hash. */
const MAX_WAITING: i32 = 64;
export const waitingRows: usize = knownPorts + 0x10000;
const waitingCombinations: usize = waitingRows + ROW_BYTES * MAX_WAITING;
const waitingTables: usize = waitingCombinations + 4 * MAX_WAITING;
/** Of each what is to be asked for ahead. */
const waitingPlaces: usize = waitingTables + 8 * MAX_WAITING;
export const endOfTables: usize = waitingPlaces + 4 * MAX_WAITING;

// A table, in words.
const SIZE: usize = 0;
/**
 * 0 for a free slot. Otherwise row + 1, in the bits that tell a slot, below the rest of its hash: a row of another key is
 * hardly ever looked at. At most half of them are used, found by linear probing.
 */
const SLOTS: usize = 4;
const SLOT_COUNT: usize = 8;
/** Places of chunks, and beside each that of the combinations of its rows, 0 where none has any. */
const CHUNKS: usize = 12;
const CHUNK_ROOM: usize = 16;

// A row: account and interface, source and destination, ports and kind are its key.
const PORTS: usize = 16;
const TRAITS: usize = 24;
const FLOWS: usize = 28;
const FIRST: usize = 32;
const LAST: usize = 36;
const ACTIVE: usize = 40;
const PACKETS: usize = 48;
const BYTES: usize = 56;
const PACKETS_DOUBLE: i32 = 6;
const ROW_DOUBLES: i32 = 8;

/** Sums are kept below this, and how often it was taken off them is counted by TypeScript. */
const SUM_UNIT: f64 = 4503599627370496;

// See `traits.ts`.
const ACCEPTS: u32 = 0x200;
const ASKS: u32 = 0x400;
const RULE_SHIFT: u32 = 16;
const KNOWN: u32 = 3;
const FLAGS: u32 = 4;

/** The number of what two combinations of further values agree on. */
declare function agreed(one: i32, other: i32): i32;
/** A unit was taken off a sum, of which this is the place in doubles. */
declare function carry(table: i32, index: i32): void;
/** These throw. */
declare function tooManyFlows(): void;
declare function noMemory(): void;

/** Where memory begins that was never used. It fits into 32 bits: `asconfig.json` leaves the last page of 4 GB out. */
let unused: usize = 0;
let begin: usize = 0;

/** To be called once, with the end of what has places of its own. */
export function beginAt(place: usize): void {
  begin = (place + 63) & ~63;
  unused = begin;
}

/** Forgets all rows of all tables. */
export function clearAll(): void {
  memory.fill(tables, 0, knownPorts - tables);
  store<i32>(waiting, 0);
  unused = begin;
}

/** A place of so many bytes, a power of two from 512 on, with anything in it. */
function allocate(bytes: usize): usize {
  const list = freePlaces + 4 * ctz(bytes);
  const free = <usize>load<u32>(list);
  if (free !== 0) {
    store<u32>(list, load<u32>(free));
    return free;
  }
  const place = unused;
  const end = <u64>place + <u64>bytes;
  const pages = <u64>memory.size();
  if (end > pages << 16) {
    const missing = ((end + 0xffff) >>> 16) - pages;
    if (memory.grow(<i32>max(missing, 64)) < 0 && memory.grow(<i32>missing) < 0) noMemory();
  }
  unused = <usize>end;
  return place;
}

function release(place: usize, bytes: usize): void {
  const list = freePlaces + 4 * ctz(bytes);
  store<u32>(place, load<u32>(list));
  store<u32>(list, <u32>place);
}

function zeroed(bytes: usize): usize {
  const place = allocate(bytes);
  memory.fill(place, 0, bytes);
  return place;
}

function placeOf(table: i32): usize {
  return tables + TABLE_BYTES * table;
}

/** Where the rows of a chunk are. */
export function chunkAt(table: i32, chunk: i32): usize {
  return <usize>load<u32>(<usize>load<u32>(placeOf(table), CHUNKS) + 8 * chunk);
}

/** Where the combinations of a chunk's rows are, 0 where none has any. */
export function combinationsAt(table: i32, chunk: i32): usize {
  return <usize>load<u32>(<usize>load<u32>(placeOf(table), CHUNKS) + 8 * chunk, 4);
}

/** Secret: nothing that is written may depend on it. */
export function hashOf(at: usize): u64 {
  let hash = (load<u64>(at) + load<u64>(secret)) * load<u64>(secret, 8);
  hash = ((hash ^ (hash >>> 32)) + load<u64>(at, 8) + load<u64>(secret, 16)) * load<u64>(secret, 24);
  hash = ((hash ^ (hash >>> 32)) + load<u64>(at, 16) + load<u64>(secret, 32)) * load<u64>(secret, 40);
  return hash ^ (hash >>> 32);
}

/** Merges a row into the one of its key, which is made where there is none. Returns the row's number. */
export function add(number: i32, from: usize, combination: i32): i32 {
  prepare(placeOf(number));
  return addHashed(number, from, combination, <u32>hashOf(from));
}

/** So that a table has slots. */
function prepare(table: usize): void {
  if (load<u32>(table, SLOTS) !== 0) return;
  store<u32>(table, <u32>zeroed(4 * FIRST_SLOTS), SLOTS);
  store<u32>(table, FIRST_SLOTS, SLOT_COUNT);
}

function addHashed(number: i32, from: usize, combination: i32, hash: u32): i32 {
  const table = placeOf(number);
  const slots = <usize>load<u32>(table, SLOTS);
  const mask = load<u32>(table, SLOT_COUNT) - 1;
  let slot = hash & mask;
  for (;;) {
    const entry = load<u32>(slots + ((<usize>slot) << 2));
    if (entry === 0) break;
    if (((entry ^ hash) & ~mask) === 0) {
      const found = (entry & mask) - 1;
      const at = rowAt(number, found);
      if (
        load<u64>(at) === load<u64>(from) &&
        load<u64>(at, 8) === load<u64>(from, 8) &&
        load<u64>(at, 16) === load<u64>(from, 16)
      ) {
        merge(number, <i32>found, at, from);
        agree(number, <i32>found, combination);
        return <i32>found;
      }
    }
    slot = (slot + 1) & mask;
  }
  const made = load<i32>(table, SIZE);
  store<i32>(table, made + 1, SIZE);
  store<u32>(slots + ((<usize>slot) << 2), (hash & ~mask) | (<u32>(made + 1)));
  const chunk = made >>> 10;
  const at = (made & (CHUNK_ROWS - 1)) === 0 ? newChunk(table, chunk) : chunkAt(number, chunk);
  copyRow(at + ROW_BYTES * (made & (CHUNK_ROWS - 1)), from);
  if (combination !== 0) keep(number, made, combination);
  if (2 * (made + 1) === mask + 1) grow(number);
  return made;
}

/** V8 calls a function for `memory.copy`, which takes longer than the copy. */
function copyRow(to: usize, from: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  v128.store(to, v128.load(from, 32), 32);
  v128.store(to, v128.load(from, 48), 48);
}

function merge(number: i32, found: i32, at: usize, from: usize): void {
  const traits = load<u32>(at, TRAITS);
  const others = load<u32>(from, TRAITS);
  const rule = max(traits >>> RULE_SHIFT, others >>> RULE_SHIFT);
  store<u32>(at, ((traits | others) & 0xffff) | (rule << RULE_SHIFT), TRAITS);
  const flows = <u64>load<u32>(at, FLOWS) + <u64>load<u32>(from, FLOWS);
  if (flows > 0xffffffff) tooManyFlows();
  store<u32>(at, <u32>flows, FLOWS);
  store<u32>(at, min(load<u32>(at, FIRST), load<u32>(from, FIRST)), FIRST);
  store<u32>(at, max(load<u32>(at, LAST), load<u32>(from, LAST)), LAST);
  store<u64>(at, load<u64>(at, ACTIVE) | load<u64>(from, ACTIVE), ACTIVE);
  increase(number, ROW_DOUBLES * found + PACKETS_DOUBLE, at + PACKETS, load<f64>(from, PACKETS));
  increase(number, ROW_DOUBLES * found + PACKETS_DOUBLE + 1, at + BYTES, load<f64>(from, BYTES));
}

function increase(number: i32, index: i32, at: usize, by: f64): void {
  const total = load<f64>(at) + by;
  if (total < SUM_UNIT) {
    store<f64>(at, total);
  } else {
    store<f64>(at, total - SUM_UNIT);
    carry(number, index);
  }
}

function agree(number: i32, found: i32, combination: i32): void {
  const combinations = combinationsAt(number, found >>> 10);
  if (combinations === 0) return;
  const at = combinations + 4 * (found & (CHUNK_ROWS - 1));
  const before = load<i32>(at);
  if (before !== combination) store<i32>(at, agreed(before, combination));
}

function keep(number: i32, made: i32, combination: i32): void {
  const chunk = made >>> 10;
  if (combinationsAt(number, chunk) === 0) {
    const place = zeroed(COMBINATIONS_BYTES);
    store<u32>(<usize>load<u32>(placeOf(number), CHUNKS) + 8 * chunk, <u32>place, 4);
  }
  store<i32>(combinationsAt(number, chunk) + 4 * (made & (CHUNK_ROWS - 1)), combination);
}

function newChunk(table: usize, chunk: i32): usize {
  const room = load<i32>(table, CHUNK_ROOM);
  if (chunk === room) {
    const larger = max(FIRST_CHUNKS, 2 * room);
    const chunks = zeroed(8 * larger);
    if (room > 0) {
      const before = <usize>load<u32>(table, CHUNKS);
      memory.copy(chunks, before, 8 * room);
      release(before, 8 * room);
    }
    store<u32>(table, <u32>chunks, CHUNKS);
    store<i32>(table, larger, CHUNK_ROOM);
  }
  const place = allocate(CHUNK_BYTES);
  store<u32>(<usize>load<u32>(table, CHUNKS) + 8 * chunk, <u32>place);
  return place;
}

function grow(number: i32): void {
  const table = placeOf(number);
  const count = load<u32>(table, SLOT_COUNT);
  const before = <usize>load<u32>(table, SLOTS);
  const slots = zeroed(8 * count);
  const mask = 2 * count - 1;
  const size = load<i32>(table, SIZE);
  for (let index = 0; index < size; index++) {
    const hash = <u32>hashOf(rowAt(number, index));
    let slot = hash & mask;
    while (load<u32>(slots + ((<usize>slot) << 2)) !== 0) slot = (slot + 1) & mask;
    store<u32>(slots + ((<usize>slot) << 2), (hash & ~mask) | (<u32>(index + 1)));
  }
  release(before, 4 * count);
  store<u32>(table, <u32>slots, SLOTS);
  store<u32>(table, 2 * count, SLOT_COUNT);
}

/** Forgets all rows of a table, whose memory others may have. */
export function clear(number: i32): void {
  const table = placeOf(number);
  const size = load<i32>(table, SIZE);
  const chunks = <usize>load<u32>(table, CHUNKS);
  for (let chunk = 0; chunk << 10 < size; chunk++) {
    release(chunkAt(number, chunk), CHUNK_BYTES);
    const combinations = combinationsAt(number, chunk);
    if (combinations !== 0) release(combinations, COMBINATIONS_BYTES);
  }
  if (chunks !== 0) release(chunks, 8 * load<i32>(table, CHUNK_ROOM));
  if (load<u32>(table, SLOTS) !== 0)
    release(<usize>load<u32>(table, SLOTS), 4 * load<u32>(table, SLOT_COUNT));
  memory.fill(table, 0, TABLE_BYTES);
}

/** The row of the record that comes next, of which `push` is to be called when it is written. */
export function next(): usize {
  return waitingRows + ROW_BYTES * load<i32>(waiting);
}

/** Adds the row that is written, sooner or later. */
export function push(combination: i32): void {
  const before = load<i32>(waiting);
  store<i32>(waitingCombinations + 4 * before, combination);
  store<i32>(waiting, before + 1);
  if (before + 1 === MAX_WAITING) flush();
}

/**
 * Adds the rows that wait. What each needs of memory is asked for ahead, so that they wait for it together: in turn, that
 * takes most of the time.
 */
export function flush(): void {
  const count = load<i32>(waiting);
  store<i32>(waiting, 0);
  for (let index = 0; index < count; index++) {
    const at = waitingRows + ROW_BYTES * index;
    const number = decide(at) ? decidedPartition(at) : PARTITIONS + openPartition(at);
    const table = placeOf(number);
    prepare(table);
    const hash = <u32>hashOf(at);
    store<i32>(waitingTables + 8 * index, number);
    store<u32>(waitingTables + 8 * index, hash, 4);
    store<u32>(waitingPlaces + 4 * index, <u32>slotAt(table, hash));
  }
  askAhead(count);
  for (let index = 0; index < count; index++) {
    const number = load<i32>(waitingTables + 8 * index);
    const hash = load<u32>(waitingTables + 8 * index, 4);
    const table = placeOf(number);
    const entry = load<u32>(slotAt(table, hash));
    const mask = load<u32>(table, SLOT_COUNT) - 1;
    const isLikely = entry !== 0 && ((entry ^ hash) & ~mask) === 0;
    store<u32>(waitingPlaces + 4 * index, isLikely ? <u32>rowAt(number, (entry & mask) - 1) : <u32>table);
  }
  askAhead(count);
  for (let index = 0; index < count; index++) {
    const number = load<i32>(waitingTables + 8 * index);
    const at = waitingRows + ROW_BYTES * index;
    const combination = load<i32>(waitingCombinations + 4 * index);
    store<i32>(wentTo, number);
    store<i32>(wentTo, addHashed(number, at, combination, load<u32>(waitingTables + 8 * index, 4)), 4);
  }
}

/**
 * Asks for the memory at all places that wait. In a loop of nothing else, the processor has many of them on their way at once: it
 * looks ahead by some hundred instructions.
 */
function askAhead(count: i32): void {
  let sum: u32 = 0;
  for (let index = 0; index < count; index++) sum ^= load<u32>(<usize>load<u32>(waitingPlaces + 4 * index));
  store<u32>(asked, sum);
}

/** The first slot that a hash leads to. */
function slotAt(table: usize, hash: u32): usize {
  const slot = hash & (load<u32>(table, SLOT_COUNT) - 1);
  return <usize>load<u32>(table, SLOTS) + ((<usize>slot) << 2);
}

function rowAt(number: i32, index: u32): usize {
  return chunkAt(number, index >>> 10) + ROW_BYTES * ((<usize>index) & (CHUNK_ROWS - 1));
}

/** Adds a row whose serving end is told. */
export function addDecided(at: usize, combination: i32): i32 {
  const number = decidedPartition(at);
  store<i32>(wentTo, number);
  return add(number, at, combination);
}

/** The first look, see `serving.ts`. */
function decide(at: usize): bool {
  const ports = load<u32>(at, PORTS);
  const source = ports >>> 16;
  const destination = ports & 0xffff;
  if (source === 0 || destination === 0) return true;
  const sourceKnown = load<u8>(knownPorts + source);
  if (sourceKnown === load<u8>(knownPorts + destination)) return false;
  const traits = load<u32>(at, TRAITS);
  if ((traits & (sourceKnown === 1 ? ASKS : ACCEPTS)) !== 0) return false;
  const rule = (traits & (ACCEPTS | ASKS)) === 0 ? KNOWN : FLAGS;
  store<u32>(at, sourceKnown === 1 ? ports & 0xffff0000 : destination, PORTS);
  store<u32>(at, (traits & 0xffff) | (rule << RULE_SHIFT), TRAITS);
  return true;
}

/** Without a secret, since the order of lines hangs on it. */
function decidedPartition(at: usize): i32 {
  const source = load<u32>(at, 8);
  const destination = load<u32>(at, 12);
  let hash: u32 = (source ^ (load<u32>(at, PORTS) * 0x165667b1)) * 0x85ebca6b;
  hash = ((hash ^ (hash >>> 15)) + destination) * 0xc2b2ae35;
  return <i32>((hash ^ (hash >>> 15)) >>> PARTITION_SHIFT);
}

/** The same for both directions of a pair of endpoints. */
function openPartition(at: usize): i32 {
  const ports = load<u32>(at, PORTS);
  const source: u32 = (load<u32>(at, 8) + (ports >>> 16) * 0x165667b1) * 0x85ebca6b;
  const destination: u32 = (load<u32>(at, 12) + (ports & 0xffff) * 0x165667b1) * 0x85ebca6b;
  const hash: u32 = ((source ^ (source >>> 15)) + (destination ^ (destination >>> 15))) * 0xc2b2ae35;
  return <i32>((hash ^ (hash >>> 15)) >>> PARTITION_SHIFT);
}
