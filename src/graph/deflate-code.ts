// Codes for DEFLATE (RFC 1951) of DOT. They are the same in all graphs, so that none has to wait for its own to be counted:
// those of usual flow logs, with some of IPv6, of high ports and of odd names among them, so that these cost hardly more.

/** Some bits as they are written, the first one lowest. */
export interface Code {
  readonly bits: number;
  readonly count: number;
}

/** The kernel relies on these having codes of four bits. */
export const DIGITS_AND_DOT = ".0123456789";
/** How long the codes of bytes are, in bits; those of all other bytes are the longest. */
const BYTES_BY_LENGTH: readonly [number, string][] = [
  [4, DIGITS_AND_DOT],
  [6, ":abcdef"],
  [12, "-=ilno"],
  [13, '\t\n !"%+>DIP[\\]_ghjkmpqrstuvwxyzABCEFGMNRST<'],
];
const LONGEST = 14;
/** Of the end of the block, and of the lengths of matches. */
const OTHER_LENGTHS = [
  14, 14, 12, 7, 7, 7, 6, 7, 7, 8, 9, 6, 6, 7, 8, 11, 8, 6, 6, 6, 10, 6, 9, 7, 9, 10, 12, 14, 14, 14,
];
const DISTANCE_LENGTHS = [
  13, 13, 13, 13, 12, 12, 12, 12, 12, 12, 12, 12, 12, 12, 4, 3, 10, 1, 8, 5, 6, 7, 5, 6, 5, 6, 5, 5, 4, 5,
];
const SYMBOL_LENGTHS = [
  ...Array.from({ length: 256 }, (_, byte) => {
    const text = String.fromCharCode(byte);
    return BYTES_BY_LENGTH.find(([, bytes]) => bytes.includes(text))?.[0] ?? LONGEST;
  }),
  ...OTHER_LENGTHS,
];

const END_SYMBOL = 256;
const MIN_MATCH = 3;
const MAX_MATCH = 258;
const FIRST_LENGTH_SYMBOL = 257;
const MAX_MATCH_SYMBOL = 285;

/** RFC 1951, 3.2.2: the codes of symbols follow from the lengths of their codes. */
function codesOf(lengths: readonly number[]): Code[] {
  const codes = lengths.map((count) => ({ bits: 0, count }));
  let next = 0;
  for (let count = 1; count <= Math.max(...lengths); count++, next *= 2) {
    for (const code of codes) if (code.count === count) code.bits = reversed(next++, count);
  }
  return codes;
}

function reversed(bits: number, count: number): number {
  let all = 0;
  for (let i = 0; i < count; i++) all = 2 * all + ((bits >> i) & 1);
  return all;
}

function joined(first: Code, bits: number, count: number): Code {
  return { bits: first.bits + bits * 2 ** first.count, count: first.count + count };
}

/** RFC 1951, 3.2.5, by length: eight of one each, then four each of 2, 4, 8 and more lengths, which further bits tell apart. */
function lengthCodes(symbols: readonly Code[]): Code[] {
  const codes: Code[] = Array.from({ length: MIN_MATCH }, () => ({ bits: 0, count: 0 }));
  for (const [i, symbol] of symbols.slice(FIRST_LENGTH_SYMBOL, MAX_MATCH_SYMBOL).entries()) {
    const extra = Math.max(0, (i >> 2) - 1);
    for (let bits = 0; bits < 2 ** extra; bits++) codes.push(joined(symbol, bits, extra));
  }
  codes.length = MAX_MATCH;
  return [...codes, ...symbols.slice(MAX_MATCH_SYMBOL)];
}

const symbols = codesOf(SYMBOL_LENGTHS);

export const LITERALS = symbols.slice(0, END_SYMBOL);
export const END_OF_BLOCK: Code = { bits: 0, count: 0, ...symbols[END_SYMBOL] };
/** By length. */
export const LENGTHS = lengthCodes(symbols);
/** RFC 1951, 3.2.5: of the symbols. The bits after them are left to whoever writes them. */
export const DISTANCES = codesOf(DISTANCE_LENGTHS);

/** RFC 1951, 3.2.7: the only block begins, the last one, with the lengths of the codes, each in four bits. */
export const HEADER: readonly Code[] = [
  { bits: 1, count: 1 },
  { bits: 2, count: 2 },
  { bits: SYMBOL_LENGTHS.length - FIRST_LENGTH_SYMBOL, count: 5 },
  { bits: DISTANCE_LENGTHS.length - 1, count: 5 },
  { bits: 19 - 4, count: 4 },
  // Lengths of the codes of lengths, in an order that begins with 16, 17 and 18, which say that lengths repeat.
  ...Array.from({ length: 19 }, (_, i) => ({ bits: i < 3 ? 0 : 4, count: 3 })),
  ...[...SYMBOL_LENGTHS, ...DISTANCE_LENGTHS].map((length) => ({ bits: reversed(length, 4), count: 4 })),
];
