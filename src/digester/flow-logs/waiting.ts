/** Those who wait for answers. */
export class Waiting<Answer> {
  readonly #asked = new Map<number, Asked<Answer>>();

  get size(): number {
    return this.#asked.size;
  }

  answer(id: number, signal: AbortSignal): Promise<Answer | undefined> {
    return new Promise((settle) => this.#asked.set(id, { settle, signal }));
  }

  /** Whether somebody still waits. */
  settle(id: number, answer: Answer | undefined): boolean {
    this.#asked.get(id)?.settle(answer);
    return this.#asked.delete(id);
  }

  /** Of all, or of those who ask under a signal; their numbers. */
  giveUp(signal?: AbortSignal): number[] {
    const ids = [...this.#asked].filter(([, asked]) => signal === undefined || asked.signal === signal);
    return ids.map(([id]) => {
      this.settle(id, undefined);
      return id;
    });
  }
}

interface Asked<Answer> {
  readonly settle: (answer: Answer | undefined) => void;
  readonly signal: AbortSignal;
}
