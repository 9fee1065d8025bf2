/** Each step of a line's width stands for so many times the bytes. */
const BYTES_OF_STEP = 100;
export const WEIGHT_STEPS = 5;

/** How wide a line is drawn: 0 below 10 kB, 1 below 1 MB, 2 below 100 MB, 3 below 10 GB, else 4. */
export function weightStep(bytes: bigint): number {
  const step = Math.floor(Math.log(Number(bytes) + 1) / Math.log(BYTES_OF_STEP)) - 1;
  return Math.max(0, Math.min(WEIGHT_STEPS - 1, step));
}
