/**
 * Preloaded with `node --import`: the process's clock is ahead by CLOCK_SHIFT_MS milliseconds, and jumps by the next of
 * CLOCK_JUMPS_MS (separated by commas) at each SIGUSR2.
 */
const { CLOCK_SHIFT_MS = "0", CLOCK_JUMPS_MS = "" } = process.env;
const jumps = CLOCK_JUMPS_MS.split(",").map(Number);
let shiftMs = Number(CLOCK_SHIFT_MS);
process.on("SIGUSR2", () => (shiftMs += jumps.shift() ?? 0));
const RealDate = Date;

globalThis.Date = class Date extends RealDate {
  constructor(...parts) {
    super(...(parts.length === 0 ? [Date.now()] : parts));
  }

  static now() {
    return RealDate.now() + shiftMs;
  }
};
