import { CorruptInputError, messageOf } from "../errors.js";
import type { ParquetSource } from "../parquet/footer.js";

/** A file that can be read in parts, wherever it is kept: on a disk, in a bucket, in memory. */
export interface ByteSource {
  readonly size: number;
  /** The bytes from `start` up to `end`, which is within the file. */
  read(start: number, end: number, signal: AbortSignal): Promise<Uint8Array>;
}

/** Tells damage to the file from failures to read it. */
export class SourceReader implements ParquetSource {
  readonly byteLength: number;
  readonly #source: ByteSource;
  readonly #signal: AbortSignal;
  #failure: Error | undefined;

  constructor(source: ByteSource, signal: AbortSignal) {
    this.byteLength = source.size;
    this.#source = source;
    this.#signal = signal;
  }

  async slice(start: number, end: number): Promise<ArrayBuffer> {
    return Uint8Array.from(await this.read(start, end)).buffer;
  }

  async read(start: number, end: number): Promise<Uint8Array> {
    try {
      this.#signal.throwIfAborted();
      const bytes = await this.#source.read(start, end, this.#signal);
      if (bytes.length === end - start) return bytes;
      throw new CorruptInputError(
        `the edges, bytes ${start} to ${end}: expected all of them, got ${bytes.length}`,
      );
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  /**
   * Runs a step of decoding.
   *
   * @throws CorruptInputError with whatever the step failed with, unless that was reading
   */
  async decoded<T>(where: string, step: () => T | Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (this.#failure !== undefined) throw this.#failure;
      if (error instanceof CorruptInputError) throw error;
      const reason = messageOf(error);
      throw new CorruptInputError(`the edges, ${where}: ${reason}`, { cause: error });
    }
  }
}
