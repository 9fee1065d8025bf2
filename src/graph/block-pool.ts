/** DOT comes in blocks of exactly this size, the last one excepted. */
export const BLOCK_BYTES = 256 * 1024;
/** More than the longest edge: two tokens of 256 backslashes, each doubled, each written twice, take 2 KiB. */
const OVERFLOW_BYTES = 4 * 1024;

/**
 * Memory for blocks of DOT that is used again. The garbage collector marks the whole heap whenever so many bytes of buffers
 * are new, which in a job is several times a second.
 */
export class BlockPool {
  readonly #free: Buffer[] = [];

  /** A block with some room after its end. What is in it is anything. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES + OVERFLOW_BYTES);
  }

  /** Takes back what was taken, or its beginning, which nobody uses any more. */
  give({ buffer }: Buffer): void {
    this.#free.push(Buffer.from(buffer));
  }
}
