import { randomFillSync } from "node:crypto";

const WORDS = 8;
/** Drawn once in a process: what is added to each word, and odd numbers by which they are multiplied. */
const SECRET = randomFillSync(new Int32Array(2 * WORDS)).map((value, at) => (at < WORDS ? value : value | 1));

/**
 * Hashes words one after the other: multiplies and mixes with secret numbers, so that nobody can prepare keys that collide.
 * What a difference becomes isn't known; a word that has all 32 bits comes last, where nothing can undo its own. Differs
 * from process to process: nothing that is written may depend on it.
 *
 * @param hash of the words before this one, 0 for the first
 * @param at the number of the word
 */
export function mix(hash: number, word: number, at: number): number {
  return Math.imul((hash ^ (hash >>> 15)) + word + (SECRET[at] ?? 0), SECRET[WORDS + at] ?? 1);
}
