/** A semaphore: at most so many holders at once, first come first served. */
export class Slots {
  readonly #size: number;
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(size: number) {
    this.#size = size;
    this.#free = size;
  }

  get taken(): number {
    return this.#size - this.#free;
  }

  /**
   * Waits for a slot.
   *
   * @returns a function that gives it back, to be called once
   * @throws the signal's reason when it aborts first
   */
  async acquire(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else {
      await new Promise<void>((resolve, reject) => {
        const proceed = () => {
          signal.removeEventListener("abort", abort);
          resolve();
        };
        const abort = () => {
          this.#waiting.delete(proceed);
          reject(signal.reason);
        };
        this.#waiting.add(proceed);
        signal.addEventListener("abort", abort, { once: true });
      });
    }
    return () => {
      const [next] = this.#waiting;
      if (next === undefined) this.#free++;
      else {
        this.#waiting.delete(next);
        next();
      }
    };
  }
}
