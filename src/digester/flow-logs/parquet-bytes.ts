import { CorruptInputError, messageOf } from "../../errors.js";
import { PARQUET_WHOLE_BYTES, type LogObject } from "./source.js";

/** A Parquet file that is kept somewhere, or is in memory already. */
export type ParquetFile = LogObject | { readonly key: string; readonly bytes: Uint8Array<ArrayBuffer> };

/** The bytes of a Parquet file, read in pieces where it is large. */
export class ParquetBytes {
  readonly byteLength: number;
  readonly #file: ParquetFile;
  readonly #signal: AbortSignal;
  #whole: Promise<Uint8Array<ArrayBuffer>> | undefined;
  #failure: Error | undefined;

  constructor(file: ParquetFile, signal: AbortSignal) {
    this.byteLength = "bytes" in file ? file.bytes.length : file.size;
    this.#file = file;
    this.#signal = signal;
  }

  /** A copy, as the library wants it. */
  async slice(start: number, end: number): Promise<ArrayBuffer> {
    return (await this.bytes(start, end)).slice().buffer;
  }

  async bytes(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    if (start < 0 || end > this.byteLength || end < start) {
      throw new RangeError(`bytes ${start} to ${end} of ${this.byteLength}`);
    }
    const file = this.#file;
    if ("bytes" in file) return file.bytes.subarray(start, end);
    try {
      if (this.byteLength > PARQUET_WHOLE_BYTES) return await this.#read(file, { start, end });
      this.#whole ??= this.#read(file);
      return (await this.#whole).subarray(start, end);
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
      throw this.#failure ?? this.damage(error);
    }
  }

  /** What a step of decoding failed with, as damage to the file. */
  damage(error: unknown): CorruptInputError {
    if (error instanceof CorruptInputError) return error;
    return new CorruptInputError(
      `${this.#file.key}: expected a sound Parquet file, got an error: ${messageOf(error)}`,
      { cause: error },
    );
  }

  async #read(
    object: LogObject,
    range?: { readonly start: number; readonly end: number },
  ): Promise<Uint8Array<ArrayBuffer>> {
    const expected = range === undefined ? this.byteLength : range.end - range.start;
    const bytes = new Uint8Array(expected);
    let at = 0;
    const blocks: AsyncIterable<Buffer> = object.open(this.#signal, range);
    for await (const block of blocks) {
      if (at + block.length <= expected) bytes.set(block, at);
      at += block.length;
    }
    if (at === expected) return bytes;
    throw new Error(`expected ${expected} bytes, got ${at}: it was changed while it was read`);
  }
}
