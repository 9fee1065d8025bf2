import { CorruptInputError } from "../errors.js";
import { portOf } from "./endpoint-table.js";

/**
 * A row of sums, in 16 words of 32 bits: the six numbers of its key, what is merged in its own way, then packets and bytes
 * as doubles. Together they are a cache line, so that a row that isn't cached costs one access to memory.
 */
export const ROW_WORDS = 16;
/** A row in doubles. */
export const ROW_DOUBLES = ROW_WORDS / 2;

export const ACCOUNT = 0;
export const INTERFACE = 1;
export const SOURCE = 2;
export const DESTINATION = 3;
/** The source port in the high 16 bits, the destination port in the low ones. */
export const PORTS = 4;
/** The protocol in the low 8 bits, above it the number of its action. */
export const KIND = 5;

/** See `traits.ts`. */
export const TRAITS = 6;
/** How many records were summed. */
export const FLOWS = 7;
/** What a word can hold: some hundred gigabytes of records. */
const MAX_FLOWS = 2 ** 32 - 1;
/** Seconds since 1970: the least start and the greatest end. */
export const FIRST = 8;
export const LAST = 9;
/** 64 bits, the low ones first: bit n is set when a record ended in the n-th sixtieth of the window. */
export const ACTIVE = 10;

/** Parts of a window in which an edge may be seen active. */
export const ACTIVE_PARTS = 60;

/** Places in doubles. */
export const PACKETS = 6;
export const BYTES = 7;

/** Sums are kept below this, and how often it was taken off them is counted apart. */
export const SUM_UNIT = 2 ** 52;
/** The largest sum that can be told exactly, 2^105-1. */
export const MAX_SUM = BigInt(SUM_UNIT) * BigInt(Number.MAX_SAFE_INTEGER + 1) - 1n;

/** @throws CorruptInputError when there are more records than a word can count */
export function checkedFlows(flows: number): number {
  if (flows <= MAX_FLOWS) return flows;
  throw new CorruptInputError(
    `expected at most ${MAX_FLOWS} records of one edge, got more: ask for shorter windows`,
  );
}

/** The port of a row's source, with its protocol. */
export function sourcePortOf(words: Uint32Array, at: number): number {
  return portOf((words[at + PORTS] ?? 0) >>> 16, (words[at + KIND] ?? 0) & 0xff);
}

export function destinationPortOf(words: Uint32Array, at: number): number {
  return portOf((words[at + PORTS] ?? 0) & 0xffff, (words[at + KIND] ?? 0) & 0xff);
}
