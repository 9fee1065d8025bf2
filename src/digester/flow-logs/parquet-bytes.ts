import { CorruptInputError, messageOf } from "../../errors.js";
import { PARQUET_WHOLE_BYTES, type LogObject } from "./source.js";

/** A Parquet file that is kept somewhere, or is in memory already. */
export type ParquetFile = LogObject | { readonly key: string; readonly bytes: Uint8Array<ArrayBuffer> };

/** The bytes of a Parquet file, read in pieces where it is large. */
export class ParquetBytes {
  readonly byteLength: number;
  readonly #file: ParquetFile;
  readonly #signal: AbortSignal;
  #whole: Promise<ArrayBuffer> | undefined;
  #failure: Error | undefined;

  constructor(file: ParquetFile, signal: AbortSignal) {
    this.byteLength = "bytes" in file ? file.bytes.length : file.size;
    this.#file = file;
    this.#signal = signal;
  }

  async slice(start: number, end: number): Promise<ArrayBuffer> {
    if (start < 0 || end > this.byteLength || end < start) {
      throw new RangeError(`bytes ${start} to ${end} of ${this.byteLength}`);
    }
    const file = this.#file;
    if ("bytes" in file) return file.bytes.slice(start, end).buffer;
    try {
      if (this.byteLength > PARQUET_WHOLE_BYTES) return await this.#read(file, { start, end });
      this.#whole ??= this.#read(file);
      return (await this.#whole).slice(start, end);
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  /** Runs a step of decoding. What it fails with is damage to the file, unless reading the bytes failed. */
  async decoded<T>(step: () => T | Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (this.#failure !== undefined) throw this.#failure;
      if (error instanceof CorruptInputError) throw error;
      throw new CorruptInputError(
        `${this.#file.key}: expected a sound Parquet file, got an error: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  async #read(
    object: LogObject,
    range?: { readonly start: number; readonly end: number },
  ): Promise<ArrayBuffer> {
    const expected = range === undefined ? this.byteLength : range.end - range.start;
    const bytes = new Uint8Array(expected);
    let at = 0;
    const blocks: AsyncIterable<Buffer> = object.open(this.#signal, range);
    for await (const block of blocks) {
      if (at + block.length <= expected) bytes.set(block, at);
      at += block.length;
    }
    if (at === expected) return bytes.buffer;
    throw new Error(`expected ${expected} bytes, got ${at}: it was changed while it was read`);
  }
}
