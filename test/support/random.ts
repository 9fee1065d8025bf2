const STEP = 0x6d2b79f5;

/**
 * Random numbers from 0 to 1 that a seed repeats: mulberry32,
 * https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 *
 * @param from how many of them are left out at the beginning
 */
export function seededRandom(seed: number, from = 0): () => number {
  let state = (seed + Math.imul(from, STEP)) | 0;
  return () => {
    state = (state + STEP) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
