// Texts that a kernel was told, and the number of each: at most 48 bytes, at most so many. It may forget any of them, and then
// has to be told once more.

// Places in memory, the same in all kernels that have texts.
const SLOTS: i32 = 1 << 18;
const ENTRIES: i32 = 1 << 17;
const ENTRY_BYTES: usize = 64;
const slots: usize = 0x20000;
const entries: usize = slots + 4 * SLOTS;
export const endOfTexts: usize = entries + ENTRY_BYTES * ENTRIES;

const MAX_TEXT: i32 = 48;
const KEY: i32 = 48;
const NUMBER: i32 = 52;
const SLOT: i32 = 56;
/** A text that finds no slot within so many isn't known, so that texts made to collide cost no more than that. */
const MAX_PROBES: i32 = 8;
/** Of a slot: its entry + 1. The other bits are those of the hash. */
const ENTRY_MASK: u32 = 0x3ffff;

export const UNKNOWN: i32 = -1;

let used: i32 = 0;

export function forgetTexts(): void {
  // One by one, so that a job of a few texts touches no more memory than they take.
  for (let entry = 0; entry < used; entry++) {
    store<u32>(slots + 4 * load<i32>(entries + ENTRY_BYTES * entry, SLOT), 0);
  }
  used = 0;
}

/** Whether there is room for one more, where a text isn't remembered yet. */
export function textsAreFull(): bool {
  return used === ENTRIES;
}

/** Remembers the number of a text in a table. */
export function rememberText(table: i32, text: usize, length: i32, number: i32): void {
  if (length < 1 || length > MAX_TEXT) return;
  const hash = hashOf(table, text, length);
  let slot = (<i32>hash) & (SLOTS - 1);
  let free = slot;
  for (let probe = 0; probe < MAX_PROBES; probe++) {
    const entry = load<u32>(slots + 4 * slot);
    if (entry === 0) {
      free = slot;
      break;
    }
    const place = entries + <usize>((entry & ENTRY_MASK) - 1) * ENTRY_BYTES;
    if (isAt(place, table, text, length)) {
      store<i32>(place, number, NUMBER);
      return;
    }
    slot = (slot + 1) & (SLOTS - 1);
  }
  const place = entries + <usize>used * ENTRY_BYTES;
  memory.fill(place, 0, ENTRY_BYTES);
  memory.copy(place, text, length);
  store<i32>(place, (table << 8) | length, KEY);
  store<i32>(place, number, NUMBER);
  store<i32>(place, free, SLOT);
  used++;
  store<u32>(slots + 4 * free, ((<u32>(hash >>> 32)) & ~ENTRY_MASK) | used);
}

/** The number of a text, or `UNKNOWN`. */
export function textNumber(table: i32, text: usize, length: i32): i32 {
  if (length < 1 || length > MAX_TEXT) return UNKNOWN;
  const hash = hashOf(table, text, length);
  const tag = (<u32>(hash >>> 32)) & ~ENTRY_MASK;
  let slot = (<i32>hash) & (SLOTS - 1);
  for (let probe = 0; probe < MAX_PROBES; probe++) {
    const entry = load<u32>(slots + 4 * slot);
    if (entry === 0) return UNKNOWN;
    if ((entry & ~ENTRY_MASK) === tag) {
      const place = entries + <usize>((entry & ENTRY_MASK) - 1) * ENTRY_BYTES;
      if (isAt(place, table, text, length)) return load<i32>(place, NUMBER);
    }
    slot = (slot + 1) & (SLOTS - 1);
  }
  return UNKNOWN;
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
  if (load<i32>(place, KEY) !== ((table << 8) | length)) return false;
  if (length < 8) {
    return (load<u64>(text) & (((<u64>1) << ((<u64>length) << 3)) - 1)) === load<u64>(place);
  }
  for (let at = 0; at + 8 < length; at += 8) {
    if (load<u64>(text + at) !== load<u64>(place + at)) return false;
  }
  return load<u64>(text + length - 8) === load<u64>(place + length - 8);
}
