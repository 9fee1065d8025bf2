/**
 * Kernels that nobody uses now, for whoever needs one next. Together they keep so many bytes of memory, at most: where hundreds
 * of jobs ran at once, the others are left to the garbage collector.
 */
export class IdleKernels<T> {
  readonly #maxBytes: number;
  readonly #idle: { readonly kernel: T; readonly bytes: number }[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The last one that was kept. */
  take(): T | undefined {
    const last = this.#idle.pop();
    this.#bytes -= last?.bytes ?? 0;
    return last?.kernel;
  }

  /** @param bytes of its memory */
  keep(kernel: T, bytes: number): void {
    if (this.#bytes + bytes > this.#maxBytes) return;
    this.#idle.push({ kernel, bytes });
    this.#bytes += bytes;
  }
}
