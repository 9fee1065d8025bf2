import { vi } from "vitest";
import { nextTurn } from "../../src/turn.js";

/**
 * How often the event loop turned while the work went on, by a clock of which a millisecond passes at each look: so turns are
 * over as often as the work asks, however fast the machine is.
 */
export async function countTurns(work: () => Promise<unknown>): Promise<number> {
  let now = performance.now();
  const clock = vi.spyOn(performance, "now").mockImplementation(() => ++now);
  // Tests of the same process may have left a turn that began by another clock.
  await nextTurn();
  let turns = 0;
  let done = false;
  const turn = () => {
    turns++;
    if (!done) setImmediate(turn);
  };
  setImmediate(turn);
  try {
    await work();
  } finally {
    done = true;
    clock.mockRestore();
    await nextTurn();
  }
  return turns;
}
