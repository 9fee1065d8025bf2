import { DIGIT_CODES, DISTANCE_CODES, LENGTH_CODES, LITERAL_CODES, OUTPUT, TOKENS } from "./memory";
import { shift } from "./text";

/** RFC 1951: no match is longer, nor further away. */
export const MAX_MATCH: u32 = 258;
export const MAX_DISTANCE: u32 = 32768;
/** Nearer ones, which never come, have codes of another kind. */
const MIN_DISTANCE: u32 = 3;

// A token is up to 56 bits that come next, and in the highest byte their number.
let token: u32 = TOKENS;
export let output: u32 = OUTPUT;
/** Less than a byte of output. */
let held: u64 = 0;
let heldCount: u64 = 0;

export function beginOutput(): void {
  token = TOKENS;
  output = OUTPUT;
  held = heldCount = 0;
}

/** All of the output was taken. */
export function outputTaken(): void {
  output = OUTPUT;
}

/** Puts out some bits, at most 32. */
export function put(value: u32, count: u32): void {
  addToken(tokenOf(value, count));
  pack();
}

/** Fills up the last byte. */
export function align(): void {
  put(0, (8 - <u32>heldCount) & 7);
}

/** Puts out what was added. */
export function pack(): void {
  let bits = held;
  let count = heldCount;
  let to = output;
  for (let at = TOKENS; at < token; at += 8) {
    const next = load<u64>(at);
    bits |= (next & 0x00ffffffffffffff) << count;
    // 7 and 56 bits at most.
    count += next >> 56;
    store<u64>(to, bits);
    const bytes = count >> 3;
    to += <u32>bytes;
    bits >>= bytes << 3;
    count &= 7;
  }
  token = TOKENS;
  held = bits;
  heldCount = count;
  output = to;
}

/**
 * Adds what is between two positions, as far as it is the same as what is at `from`. Returns the position up to which that was
 * worth the while: at least `least` bytes.
 */
export function repeat(start: u32, to: u32, from: u32, least: u32): u32 {
  const distance = start - from;
  if (distance < MIN_DISTANCE || distance > MAX_DISTANCE) return start;
  let at = start;
  while (at + least <= to) {
    const length = sameBytes(at, distance, min(to - at, MAX_MATCH));
    if (length < least) break;
    addToken(matchToken(length, distance));
    at += length;
    if (length < MAX_MATCH) break;
  }
  return at;
}

/** Adds what is between two positions, of which is known that it is the same so far before. Returns the end. */
export function match(at: u32, to: u32, distance: u32): u32 {
  addToken(matchToken(to - at, distance));
  return to;
}

/** How many bytes at a position are those of before, of so many. */
function sameBytes(position: u32, distance: u32, count: u32): u32 {
  const at = position + shift;
  for (let i: u32 = 0; i < count; i += 16) {
    const same = i8x16.bitmask(i8x16.eq(v128.load(at + i), v128.load(at + i - distance)));
    if (same !== 0xffff) return min(i + ctz(~same), count);
  }
  return count;
}

/** RFC 1951, 3.2.5: from 3 on, two codes each stand for 1, 1, 2, 4, 8 and more distances, which further bits tell apart. */
export function matchToken(length: u32, distance: u32): u64 {
  const lengthCode = load<u32>(LENGTH_CODES + (length << 2));
  const extra = 30 - clz(distance - 1);
  const code = load<u32>(DISTANCE_CODES + (((extra << 1) + ((distance - 1) >> extra)) << 2));
  const count = countOf(lengthCode) + countOf(code);
  const further = <u64>((distance - 1) & ((1 << extra) - 1));
  return tokenOf(
    bitsOf(lengthCode) | (bitsOf(code) << countOf(lengthCode)) | (further << count),
    count + extra,
  );
}

/** Adds what is between two positions as it is, four bytes at a time. Returns the end. */
export function literals(from: u32, to: u32): u32 {
  let at = from + shift;
  const stop = to + shift;
  for (; at + 4 <= stop; at += 4) {
    const first = codeAt(at);
    const second = codeAt(at + 1);
    const third = codeAt(at + 2);
    const fourth = codeAt(at + 3);
    const low = bitsOf(first) | (bitsOf(second) << countOf(first));
    const high = bitsOf(third) | (bitsOf(fourth) << countOf(third));
    const lowCount = countOf(first) + countOf(second);
    addToken(tokenOf(low | (high << lowCount), lowCount + countOf(third) + countOf(fourth)));
  }
  for (; at < stop; at++) addToken(tokenOf(bitsOf(codeAt(at)), countOf(codeAt(at))));
  return to;
}

/** Up to eight digits and dots as they are. Their codes have four bits each. */
export function digitsToken(from: u32, count: u32): u64 {
  const text = v128.and(v128.load64_zero(from + shift), i8x16.splat(0x0f));
  let bits = <u64>i64x2.extract_lane(i8x16.swizzle(v128.load(DIGIT_CODES), text), 0);
  bits = (bits | (bits >> 4)) & 0x00ff00ff00ff00ff;
  bits = (bits | (bits >> 8)) & 0x0000ffff0000ffff;
  bits |= bits >> 16;
  const size = (<u64>count) << 2;
  return tokenOf(bits & (((<u64>1) << size) - 1), size);
}

/** Adds up to sixteen digits and dots. Returns the end. */
export function digits(from: u32, to: u32): u32 {
  const count = to - from;
  addToken(digitsToken(from, min(count, 8)));
  if (count > 8) addToken(digitsToken(from + 8, count - 8));
  return to;
}

function codeAt(at: u32): u32 {
  return load<u32>(LITERAL_CODES + ((<u32>load<u8>(at)) << 2));
}

function bitsOf(code: u32): u64 {
  return code & 0xffffff;
}

function countOf(code: u32): u64 {
  return code >> 24;
}

function tokenOf(bits: u64, count: u64): u64 {
  return bits | (count << 56);
}

export function addToken(value: u64): void {
  store<u64>(token, value);
  token += 8;
}
