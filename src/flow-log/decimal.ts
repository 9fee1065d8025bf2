/** The longest run of digits that is exact as a number whatever the digits are. */
const EXACT_DIGITS = 15;
const ZERO = 0x30;

/** The number written in bytes `from` to `to`; -1 when they aren't one to fifteen decimal digits. */
export function readDecimal(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  if (length < 1 || length > EXACT_DIGITS) return -1;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Writes a whole number below 2^53 at `at` and returns the place after its last digit. */
export function writeDecimal(bytes: Uint8Array, at: number, value: number): number {
  let length = 1;
  for (let power = 10; power <= value; power *= 10) length++;
  let rest = value;
  // Division of doubles is much slower than of small integers: take the digits above 2^31 off first.
  let to = at + length;
  while (rest > 0x7fffffff) {
    const quotient = Math.floor(rest / 10);
    bytes[--to] = ZERO + (rest - quotient * 10);
    rest = quotient;
  }
  let small = rest | 0;
  do {
    const quotient = (small / 10) | 0;
    bytes[--to] = ZERO + (small - quotient * 10);
    small = quotient;
  } while (to > at);
  return at + length;
}
