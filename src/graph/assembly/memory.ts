// Where things are in memory. What dot-kernel.ts knows, dot.ts exports.

const KIB: u32 = 1024;

/** Rows that are in the columns at once. */
export const ROWS: u32 = 512;
/** Of each address: the longest one, with what is written too many. */
export const ADDRESS_BYTES: u32 = 48;

// What it is given once. A code is its bits, and in the highest 8 bits their number.
export const LITERAL_CODES: u32 = 64 * KIB;
export const LENGTH_CODES: u32 = LITERAL_CODES + KIB;
export const DISTANCE_CODES: u32 = LENGTH_CODES + 2 * KIB;
/** Of digits and a dot, which have codes of four bits: each code, in the order of the low half of these bytes. */
export const DIGIT_CODES: u32 = DISTANCE_CODES + 128;
/** Texts of at most 32 bytes, each after its length in 4 bytes. */
export const PIECES: u32 = DISTANCE_CODES + KIB;
export const PIECE_BYTES: u32 = 48;

// Columns of the rows that come next.
export const PACKETS: u32 = PIECES + 2 * KIB;
export const BYTES: u32 = PACKETS + 8 * ROWS;
export const START: u32 = BYTES + 8 * ROWS;
export const END: u32 = START + 8 * ROWS;
/** Where each row's account and interface are, below. */
export const NAMES: u32 = END + 8 * ROWS;
export const SOURCE_PORT: u32 = NAMES + 4 * ROWS;
export const DESTINATION_PORT: u32 = SOURCE_PORT + 2 * ROWS;
export const PROTOCOL: u32 = DESTINATION_PORT + 2 * ROWS;
export const REJECTED: u32 = PROTOCOL + ROWS;
/** Of source and destination in turn, or of nodes. */
export const ADDRESS_LENGTHS: u32 = REJECTED + ROWS;
export const ADDRESSES: u32 = ADDRESS_LENGTHS + 2 * ROWS;

/** Of the last line of a digest: where each of the thirteen fields from the account on begins, one byte after the one before. */
export const FIELDS: u32 = ADDRESSES + 2 * ROWS * ADDRESS_BYTES;
/** Of the numbers of a line, at the places of a half: how many bytes are those of the line before. */
export const SAME: u32 = FIELDS + 64;
/** The twelve fields from the account to the action, of a line that isn't a usual one. */
export const ODD_LINE: u32 = SAME + 128;
/** Lines of a digest: at least one of the longest, with what is read too much. */
export const INPUT: u32 = ODD_LINE + 2 * KIB;
const INPUT_BYTES: u32 = 66 * KIB;

/** Addresses of a digest that came lately, short ones and longer ones: so many cache lines each. */
export const RECENT_BITS: u32 = 12;
export const RECENT: u32 = (INPUT + INPUT_BYTES + 63) & ~63;
export const LONG_RECENT: u32 = RECENT + (64 << (<u32>RECENT_BITS));
const RECENT_END: u32 = LONG_RECENT + (64 << (<u32>RECENT_BITS));

// What it remembers, from here to `LINES_END`: all of it is 0 in the beginning.
/** Where the label of the last node began to be text again. */
export const LAST_NODE: u32 = RECENT_END;
/** Where an address was last, by a hash of it. */
export const ADDRESSES_SEEN: u32 = LAST_NODE + 64;
export const ADDRESSES_SEEN_BITS: u64 = 11;
/** The line that had such a value last, by a hash of it. */
export const LINES_SEEN_BITS: u64 = 10;
export const INTERFACES_SEEN: u32 = ADDRESSES_SEEN + (4 << (<u32>ADDRESSES_SEEN_BITS));
export const ACCOUNTS_SEEN: u32 = INTERFACES_SEEN + (4 << (<u32>LINES_SEEN_BITS));
export const PORTS_SEEN: u32 = ACCOUNTS_SEEN + (4 << (<u32>LINES_SEEN_BITS));
export const COLOURS_SEEN: u32 = PORTS_SEEN + (4 << (<u32>LINES_SEEN_BITS));
/** The last lines: more of them than there are in the 32 KiB that a match may be away. */
export const LINES: u32 = COLOURS_SEEN + (4 << (<u32>LINES_SEEN_BITS));
export const LINE_BYTES: u32 = 160;
export const LINES_END: u32 = LINES + 128 * LINE_BYTES;

/** What is to be put out: at most as many tokens as a line has bytes. */
export const TOKENS: u32 = LINES_END + 64;

/** The text of a call, after as much of the text before it as a match may reach back to, and a line's end. */
export const HISTORY_BYTES: u32 = 40 * KIB;
export const HISTORY: u32 = TOKENS + 64 * KIB;
export const TEXT: u32 = HISTORY + HISTORY_BYTES;
const TEXT_BYTES: u32 = 256 * KIB;
export const TEXT_FULL: u32 = TEXT + TEXT_BYTES;
/** More than the longest line: two names of 256 backslashes, each doubled, each written twice, take 2 KiB. */
const LINE_ROOM: u32 = 8 * KIB;

/** What comes out of a call, and of those before it that nobody took. When it has come so far, it must be taken. */
export const OUTPUT: u32 = TEXT_FULL + LINE_ROOM;
export const OUTPUT_FULL: u32 = OUTPUT + 64 * KIB;
/** A byte takes less than two, whatever comes. */
const OUTPUT_ROOM: u32 = 2 * (TEXT_BYTES + LINE_ROOM);

/** Accounts and interfaces: the lengths of both in 4 bytes each, then both. */
export const KEPT_NAMES: u32 = OUTPUT_FULL + OUTPUT_ROOM;
const KEPT_NAMES_BYTES: u32 = 2048 * KIB;

memory.grow(((KEPT_NAMES + KEPT_NAMES_BYTES) >> 16) + 1 - memory.size());
