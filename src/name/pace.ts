import { setImmediate as nextTurn } from "node:timers/promises";

/** What is read is worked in pieces of so long, so that requests are answered in between. */
const PIECE_MS = 2;
/** How often the clock is looked at. */
const STEPS = 64;

/** Keeps long work from holding up the event loop. */
export class Pace {
  readonly #signal: AbortSignal;
  #began = performance.now();
  #steps = 0;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** To be asked after each small step: whether it is time for `turn`. */
  get due(): boolean {
    return ++this.#steps % STEPS === 0 && performance.now() - this.#began > PIECE_MS;
  }

  /** Lets everything else have its turn. @throws the signal's reason when it has aborted */
  async turn(): Promise<void> {
    await nextTurn();
    this.#signal.throwIfAborted();
    this.#began = performance.now();
  }
}
