import * as fs from "node:fs";
import type { Readable } from "node:stream";

/** Bytes read at a time. */
const BLOCK = 256 * 1024;
/** Of a stream one is read into, one waits and one is taken in. */
const MAX_KEPT = 4;

/** Reads files into blocks that were used before: with memory that the system gives anew, reading takes twice the CPU. */
export class UsedBlocks {
  readonly #kept: Buffer[] = [];
  /** What a stream calls. It makes a block for each read, which costs nothing as long as nobody touches it. */
  readonly #fs = {
    open: fs.open,
    close: fs.close,
    read: (
      file: number,
      fresh: Buffer,
      offset: number,
      length: number,
      position: number | null,
      callback: (error: NodeJS.ErrnoException | null, bytesRead: number, block: Buffer) => void,
    ): void => {
      const block = fresh.length === BLOCK ? (this.#kept.pop() ?? fresh) : fresh;
      fs.read(file, block, offset, length, position, callback);
    },
  };

  /** A file, or what is from `start` up to `end`, not included. */
  open(
    path: Buffer,
    signal: AbortSignal,
    range?: { readonly start: number; readonly end: number },
  ): Readable {
    // The last byte counts in, other than in our ranges.
    const bounds = range === undefined ? {} : { start: range.start, end: range.end - 1 };
    return fs.createReadStream(path, { ...bounds, signal, highWaterMark: BLOCK, fs: this.#fs });
  }

  /** Takes back a block that a stream gave, which nobody reads any more. */
  readonly keep = (block: Buffer): void => {
    if (block.length === BLOCK && this.#kept.length < MAX_KEPT) this.#kept.push(block);
  };
}
