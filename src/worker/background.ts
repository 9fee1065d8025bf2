/** Work that goes on by itself, from `start` until `stop`, which waits for what is under way. */
export abstract class Background {
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  start(): void {
    this.#running ??= this.run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the service is stopping"));
    await this.#running;
  }

  /** Never rejects. */
  protected abstract run(signal: AbortSignal): Promise<void>;
}
