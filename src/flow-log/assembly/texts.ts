// Texts that a kernel was told, and the number of each: at most 48 bytes, at most so many. It may forget any of them, and then
// has to be told once more.

// Places in memory, the same in all kernels that have texts.
const MAX_SLOTS: u32 = 1 << 18;
const FIRST_SLOTS: u32 = 1 << 10;
/** Half a cache line, which most texts fit into. Longer ones take two units. */
const UNIT_BYTES: usize = 32;
const UNITS: u32 = (1 << 18) - 2;
const MAX_ENTRIES: u32 = 1 << 17;
const slots: usize = 0x20000;
const entries: usize = slots + 4 * MAX_SLOTS;
export const endOfTexts: usize = entries + UNIT_BYTES * (UNITS + 2);

// An entry: its table and length, its number, its text.
const NUMBER: usize = 4;
const TEXT: usize = 8;
const SHORT_TEXT: i32 = 24;
const MAX_TEXT: i32 = 48;
/** A text that finds no slot within so many isn't known, so that texts made to collide cost no more than that. */
const MAX_PROBES: u32 = 8;
/** Of a slot: the first unit of its entry + 1. The other bits are those of the hash. */
const UNIT_MASK: u32 = 0x3ffff;

export const UNKNOWN: i32 = -1;

/** As few slots as there can be, for those that are used stay in the cache then. */
let mask: u32 = FIRST_SLOTS - 1;
let used: u32 = 0;
let units: u32 = 0;

export function forgetTexts(): void {
  memory.fill(slots, 0, 4 * (<usize>mask + 1));
  mask = FIRST_SLOTS - 1;
  used = 0;
  units = 0;
}

/** Whether there is room for one more, where a text isn't remembered yet. */
export function textsAreFull(): bool {
  return used === MAX_ENTRIES || units + 2 > UNITS;
}

/** Remembers the number of a text in a table. */
export function rememberText(table: i32, text: usize, length: i32, number: i32): void {
  if (length < 1 || length > MAX_TEXT) return;
  if (used << 1 > mask) grow();
  const hash = hashOf(table, text, length);
  let slot = slotFor(hash, table, text, length);
  while (slot === 0 && grow()) slot = slotFor(hash, table, text, length);
  // One that is in its way is forgotten.
  if (slot === 0) slot = slotAt(hash, 0);
  const entry = load<u32>(slot);
  if (entry !== 0 && isAt(placeOf(entry), table, text, length)) {
    store<i32>(placeOf(entry), number, NUMBER);
    return;
  }
  const place = entries + UNIT_BYTES * units;
  store<i32>(place, (table << 8) | length);
  store<i32>(place, number, NUMBER);
  // What is behind a text shorter than that is compared with zeros.
  store<u64>(place, 0, TEXT);
  memory.copy(place + TEXT, text, length);
  store<u32>(slot, tagOf(hash) | (units + 1));
  used++;
  units += unitsOf(length);
}

/** The slot that a text has, or can have; 0 where there is none. */
function slotFor(hash: u64, table: i32, text: usize, length: i32): usize {
  for (let probe: u32 = 0; probe < MAX_PROBES; probe++) {
    const slot = slotAt(hash, probe);
    const entry = load<u32>(slot);
    if (entry === 0 || isAt(placeOf(entry), table, text, length)) return slot;
  }
  return 0;
}

/** Makes four times as many slots, which takes a millisecond at most; false when there are as many as there can be. */
function grow(): bool {
  if (mask === MAX_SLOTS - 1) return false;
  memory.fill(slots, 0, 4 * (<usize>mask + 1));
  mask = 4 * mask + 3;
  for (let unit: u32 = 0; unit < units;) {
    const place = entries + UNIT_BYTES * unit;
    const text = place + TEXT;
    const table = load<i32>(place) >> 8;
    const length = load<i32>(place) & 0xff;
    const hash = hashOf(table, text, length);
    const slot = slotFor(hash, table, text, length);
    store<u32>(slot === 0 ? slotAt(hash, 0) : slot, tagOf(hash) | (unit + 1));
    unit += unitsOf(length);
  }
  return true;
}

/** The number of a text, or `UNKNOWN`. */
export function textNumber(table: i32, text: usize, length: i32): i32 {
  if (length < 1 || length > MAX_TEXT) return UNKNOWN;
  const hash = hashOf(table, text, length);
  const tag = tagOf(hash);
  for (let probe: u32 = 0; probe < MAX_PROBES; probe++) {
    const entry = load<u32>(slotAt(hash, probe));
    if (entry === 0) return UNKNOWN;
    if ((entry & ~UNIT_MASK) !== tag) continue;
    const place = placeOf(entry);
    if (isAt(place, table, text, length)) return load<i32>(place, NUMBER);
  }
  return UNKNOWN;
}

function unitsOf(length: i32): u32 {
  return length > SHORT_TEXT ? 2 : 1;
}

function slotAt(hash: u64, probe: u32): usize {
  return slots + ((<usize>((<u32>hash + probe) & mask)) << 2);
}

function tagOf(hash: u64): u32 {
  return (<u32>(hash >>> 32)) & ~UNIT_MASK;
}

function placeOf(entry: u32): usize {
  return entries + UNIT_BYTES * (<usize>(entry & UNIT_MASK) - 1);
}

function hashOf(table: i32, text: usize, length: i32): u64 {
  let first = load<u64>(text);
  let last: u64;
  if (length >= 8) {
    last = load<u64>(text + length - 8);
  } else {
    first &= ((<u64>1) << ((<u64>length) << 3)) - 1;
    last = length;
  }
  let hash = (first ^ ((<u64>table) << 56)) * 0x9e3779b97f4a7c15;
  hash = (rotr(hash, 29) ^ last) * 0xff51afd7ed558ccd;
  if (length > 16) hash = (rotr(hash, 31) ^ load<u64>(text + 8)) * 0x9e3779b97f4a7c15;
  if (length > 24) hash = (rotr(hash, 31) ^ load<u64>(text + 16)) * 0x9e3779b97f4a7c15;
  // What the last bytes change is in the highest bits, and addresses of a network differ in nothing else.
  hash = (hash ^ (hash >>> 32)) * 0x9e3779b97f4a7c15;
  return hash ^ (hash >>> 32);
}

function isAt(place: usize, table: i32, text: usize, length: i32): bool {
  if (load<i32>(place) !== ((table << 8) | length)) return false;
  const first = load<u64>(text) ^ load<u64>(place, TEXT);
  if (length < 8) return (first & (((<u64>1) << ((<u64>length) << 3)) - 1)) === 0;
  const last = load<u64>(text + length - 8) ^ load<u64>(place + length - 8, TEXT);
  if ((first | last) !== 0) return false;
  for (let at = 8; at + 8 < length; at += 8) {
    if (load<u64>(text + at) !== load<u64>(place + at, TEXT)) return false;
  }
  return true;
}
