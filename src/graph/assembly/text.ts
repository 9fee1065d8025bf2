import { HISTORY, HISTORY_BYTES, LINES_END, PIECES, PIECE_BYTES, LAST_NODE, TEXT } from "./memory";

/** Positions begin here, so that 0 is further away than any match. */
const FIRST_POSITION: u32 = 1 << 16;
/** Beyond this one they begin anew, so that they never outgrow a word. */
const LAST_POSITION: u32 = 1 << 24;

/** The position where the text ends. */
export let end: u32 = 0;
/** What is to be added to a position for its address. */
export let shift: u32 = 0;
/** What isn't compressed yet, the end of the last line, begins here; the same of the line before began there. */
export let tail: u32 = 0;
export let tailBefore: u32 = 0;

/** Begins a new text. */
export function begin(): void {
  end = tail = 0;
  shift = TEXT;
  forget();
}

/** All of the text was taken: what comes next begins at `TEXT`. */
export function textTaken(): void {
  memory.copy(HISTORY, end + shift - HISTORY_BYTES, HISTORY_BYTES);
  shift = TEXT - end;
}

export function positionsAreUsedUp(): bool {
  return end > LAST_POSITION;
}

/** Begins positions anew. What is remembered of earlier ones is lost. */
export function forget(): void {
  const less = tail - FIRST_POSITION;
  end -= less;
  tail -= less;
  shift += less;
  tailBefore = 0;
  memory.fill(LAST_NODE, 0, LINES_END - LAST_NODE);
}

/** Text was written up to this address. */
export function endAt(address: u32): void {
  end = address - shift;
}

export function setTail(position: u32, before: u32): void {
  tail = position;
  tailBefore = before;
}

/** Writes at an address, as all below, and returns the one after it. */
export function writePiece(at: u32, piece: u32): u32 {
  const from = PIECES + piece * PIECE_BYTES;
  v128.store(at, v128.load(from, 4));
  v128.store(at, v128.load(from, 20), 16);
  return at + load<u32>(from);
}

/** Copies up to 15 bytes too many, which whatever comes next overwrites. */
export function copy(at: u32, from: u32, length: u32): u32 {
  let i: u32 = 0;
  do {
    v128.store(at + i, v128.load(from + i));
    i += 16;
  } while (i < length);
  return at + length;
}

export function writeDecimal(at: u32, value: u64): u32 {
  if (value < 100_000_000) {
    const digits = eightDigits(value);
    // Of 0, too, one digit is left.
    const zeros = ctz(digits | (1 << 56)) >> 3;
    store<u64>(at, (digits | 0x3030303030303030) >> (zeros << 3));
    return at + 8 - <u32>zeros;
  }
  const high = value / 100_000_000;
  const next = writeDecimal(at, high);
  store<u64>(next, eightDigits(value - high * 100_000_000) | 0x3030303030303030);
  return next + 8;
}

/** The digits of a number below 10^8, the highest one in the lowest byte: halved three times, in all parts at once. */
function eightDigits(value: u64): u64 {
  const high = value / 10_000;
  const fours = high | ((value - high * 10_000) << 32);
  const hundreds = ((fours * 10486) >> 20) & 0x0000007f0000007f;
  const twos = hundreds | ((fours - hundreds * 100) << 16);
  const tens = ((twos * 103) >> 10) & 0x000f000f000f000f;
  return tens | ((twos - tens * 10) << 8);
}
