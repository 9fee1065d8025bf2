import { LONG_RECENT, RECENT, RECENT_BITS } from "./memory";

// Addresses that were nodes lately. Most of a digest come again soon. One that isn't here any more is asked for once more.

/** Short ones, of 1 to 16 bytes: four in each line of the processor's cache, the last one first. Unused bytes are 0. */
const SET_BYTES: u32 = 64;
const MAX_SHORT: u32 = 16;
/** Longer ones: one in each line of the cache. */
const MAX_LONG: u32 = 48;

/** Whether an address is one. It is a node from now on. */
declare function addNode(from: u32, to: u32): bool;

export function forgetRecent(): void {
  memory.fill(RECENT, 0, (2 * SET_BYTES) << RECENT_BITS);
}

/** Whether what is between two places is an address. It is a node from now on. */
export function isNode(from: u32, to: u32): bool {
  const length = to - from;
  if (length > MAX_SHORT || length === 0) return isLongNode(from, to);
  let low = load<u64>(from);
  let high: u64 = 0;
  if (length <= 8) low = first(low, length);
  else high = first(load<u64>(from, 8), length - 8);
  const set = RECENT + placeOf(low, high);
  const text = i64x2.replace_lane(i64x2.splat(low), 1, high);
  const one = v128.load(set);
  const two = v128.load(set, 16);
  const three = v128.load(set, 32);
  if (isSame(text, one) || isSame(text, two) || isSame(text, three) || isSame(text, v128.load(set, 48))) {
    return true;
  }
  if (!addNode(from, to)) return false;
  v128.store(set, text);
  v128.store(set, one, 16);
  v128.store(set, two, 32);
  v128.store(set, three, 48);
  return true;
}

function isLongNode(from: u32, to: u32): bool {
  const length = to - from;
  if (length > MAX_LONG || length === 0) return addNode(from, to);
  const begin = v128.load(from);
  const middle = v128.load(length > 32 ? to - 32 : from);
  const end = v128.load(to - 16);
  const place = LONG_RECENT + placeOf(load<u64>(from, 8), load<u64>(to - 8));
  if (
    load<u32>(place, 48) === length &&
    isSame(begin, v128.load(place)) &&
    isSame(middle, v128.load(place, 16)) &&
    isSame(end, v128.load(place, 32))
  ) {
    return true;
  }
  if (!addNode(from, to)) return false;
  v128.store(place, begin);
  v128.store(place, middle, 16);
  v128.store(place, end, 32);
  store<u32>(place, length, 48);
  return true;
}

/** By a hash of two words: bytes that differ change the highest bits. */
function placeOf(low: u64, high: u64): u32 {
  const hash = low * 0x9e3779b97f4a7c15 + (high ^ (high >> 32)) * 0xff51afd7ed558ccd;
  return <u32>(hash >> (<u64>(64 - RECENT_BITS))) * SET_BYTES;
}

function first(text: u64, bytes: u32): u64 {
  const others = <u64>(64 - 8 * bytes);
  return (text << others) >> others;
}

function isSame(one: v128, other: v128): bool {
  return !v128.any_true(v128.xor(one, other));
}
