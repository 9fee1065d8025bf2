// Bytes of lines, many at once.

/** A bit for each of 64 bytes that is a space or a line feed. */
export function separatorsIn(at: usize): u64 {
  const space = i8x16.splat(0x20);
  const feed = i8x16.splat(0x0a);
  const one = v128.load(at, 0);
  const two = v128.load(at, 16);
  const three = v128.load(at, 32);
  const four = v128.load(at, 48);
  const low =
    (<u64>(<u32>i8x16.bitmask(v128.or(i8x16.eq(one, space), i8x16.eq(one, feed))))) |
    ((<u64>(<u32>i8x16.bitmask(v128.or(i8x16.eq(two, space), i8x16.eq(two, feed))))) << 16);
  const high =
    (<u64>(<u32>i8x16.bitmask(v128.or(i8x16.eq(three, space), i8x16.eq(three, feed))))) |
    ((<u64>(<u32>i8x16.bitmask(v128.or(i8x16.eq(four, space), i8x16.eq(four, feed))))) << 16);
  return low | (high << 32);
}

/** Eight digits, the first in the lowest byte; -1 when one of them is none. https://lemire.me/blog/2022/01/21/swar-explained-parsing-eight-digits/ */
function eightDigits(text: u64): i64 {
  if (nonDigits(text) !== 0) return -1;
  let number = text & 0x0f0f0f0f0f0f0f0f;
  number = (number * 2561) >>> 8;
  number = ((number & 0x00ff00ff00ff00ff) * 6553601) >>> 16;
  number = ((number & 0x0000ffff0000ffff) * 42949672960001) >>> 32;
  return <i64>(number & 0xffffffff);
}

/** 0 when all of eight bytes are digits. */
function nonDigits(text: u64): u64 {
  const highs: u64 = 0xf0f0f0f0f0f0f0f0;
  const zeros: u64 = 0x3030303030303030;
  return ((text & highs) ^ zeros) | (((text + 0x0606060606060606) & highs) ^ zeros);
}

/** Up to eight digits, of which the last is before `end`, with zeros before them. */
function lastDigits(end: usize, digits: i32): u64 {
  const text = load<u64>(end - 8);
  if (digits >= 8) return text;
  const missing = (<u64>(8 - digits)) << 3;
  return ((text >>> missing) << missing) | ((<u64>0x3030303030303030) >>> ((<u64>digits) << 3));
}

/** 0 when so many bytes before `end`, at most eight, are digits. */
export function nonDigitsIn(end: usize, count: i32): u64 {
  return nonDigits(lastDigits(end, count));
}

/** The number between two places; -1 when it isn't one to fifteen decimal digits. */
export function decimalAt(from: usize, end: usize): i64 {
  const length = <i32>(end - from);
  if (length < 1 || length > 15) return -1;
  if (length <= 8) return eightDigits(lastDigits(end, length));
  const low = eightDigits(lastDigits(end, 8));
  const high = eightDigits(lastDigits(end - 8, length - 8));
  return low < 0 || high < 0 ? -1 : high * 100_000_000 + low;
}
