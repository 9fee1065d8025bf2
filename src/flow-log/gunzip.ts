import type { TransformOptions } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, type ZlibOptions } from "node:zlib";
import { CorruptInputError } from "../errors.js";

/**
 * Gzip, one member or several, to what is in it. Zeros after the last member are padding, as tapes and block devices
 * have it; anything else there is damage.
 *
 * Errors with `CorruptInputError` when the gzip is cut, wrong or followed by something else. Errors of the source pass
 * through.
 *
 * @param name for messages: what is gzip
 */
export async function* gunzip(
  source: AsyncIterable<Buffer>,
  name: string,
  options: ZlibOptions & TransformOptions = {},
): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  const stream = createGunzip(options);
  let position = 0;
  /** After the last byte that isn't zero. */
  let end = 0;
  const count = (chunk: Buffer): void => {
    const zeros = trailingZeros(chunk);
    if (zeros < chunk.length) end = position + chunk.length - zeros;
    position += chunk.length;
  };
  async function* counted(): AsyncGenerator<Buffer> {
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      count(next.value);
      yield next.value;
    }
  }
  // A failure destroys the stream with its cause, and is met where that is read.
  pipeline(counted, stream).catch(() => {});
  try {
    yield* stream;
    // At a zero byte after a member zlib's stream just ends, and what follows would be lost.
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) count(next.value);
    if (stream.bytesWritten < end) throw new CorruptInputError(trailing(name));
  } catch (error) {
    if (!isZlibError(error)) throw error;
    // The first bytes were looked at before, so this is about those after a member.
    const message =
      error.message === "incorrect header check"
        ? trailing(name)
        : `expected ${name} to be whole gzip, got a fault: ${error.message}`;
    throw new CorruptInputError(message, { cause: error });
  } finally {
    stream.destroy();
    // Lets go of the source when the reader stops early.
    await chunks.return?.();
  }
}

function trailing(name: string): string {
  return `expected ${name} to end with its gzip, got more bytes after it`;
}

function trailingZeros(chunk: Buffer): number {
  let zeros = 0;
  while (zeros < chunk.length && chunk[chunk.length - 1 - zeros] === 0) zeros++;
  return zeros;
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
}
