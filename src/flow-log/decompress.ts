import type { Duplex, TransformOptions } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
import { CorruptInputError } from "../errors.js";

/** For what is expanded at once, of which the last bytes tell the length, mostly. */
const MIN_CHUNK = 4096;

/** Bytes expanded at a time, unless told otherwise: each is a turn of libuv's pool. */
const BLOCK = 128 * 1024;

/**
 * The bytes of a gzip file, of any number of members. Zeros after the last one are padding, as they are for gunzip.
 *
 * @param name of the file, for messages
 * @throws CorruptInputError, or whatever the source failed with
 */
export function gunzip(
  name: string,
  source: AsyncIterable<Buffer>,
  { isCut = false, chunkSize = BLOCK, readableHighWaterMark }: GunzipOptions = {},
): AsyncGenerator<Buffer> {
  const options: zlib.ZlibOptions & TransformOptions = {
    chunkSize,
    ...(readableHighWaterMark !== undefined && { readableHighWaterMark }),
    finishFlush: isCut ? zlib.constants.Z_SYNC_FLUSH : zlib.constants.Z_FINISH,
  };
  const stream = zlib.createGunzip(options);
  return expanded(name, "gzip", source, stream);
}

/**
 * The bytes of a small gzip file, all at once: a stream for each costs ten times as much. Undefined where they are more than
 * `maxBytes`, or something is wrong, which `gunzip` tells.
 */
export function gunzipSmall(source: Buffer, maxBytes: number): Buffer | undefined {
  try {
    const chunkSize = Math.min(maxBytes, Math.max(MIN_CHUNK, lengthOf(source) + 1));
    const result: unknown = zlib.gunzipSync(source, { chunkSize, maxOutputLength: maxBytes, info: true });
    // Types say nothing of what `info` makes of the result.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { buffer, engine } = result as Inflated;
    return engine.bytesWritten === source.length ? buffer : undefined;
  } catch {
    return undefined;
  }
}

/** As its last four bytes tell, of the last member alone, modulo 2^32. */
function lengthOf(source: Buffer): number {
  return source.length < 4 ? 0 : source.readUInt32LE(source.length - 4);
}

interface Inflated {
  readonly buffer: Buffer;
  /** How many of the bytes given to it were taken as compressed. */
  readonly engine: { readonly bytesWritten: number };
}

export interface GunzipOptions {
  /** Whether the source is only the beginning of a file, which then isn't a fault. */
  readonly isCut?: boolean;
  /** Bytes expanded at a time. */
  readonly chunkSize?: number;
  /** How far it runs ahead of the reader, in bytes. */
  readonly readableHighWaterMark?: number;
}

/** A stream of `node:zlib`, which tells how many of the bytes given to it were taken as compressed. */
type Expander = Duplex & { readonly bytesWritten: number };

/** What Node has from 22.15 on, and its types for 20 don't. */
interface Zstd {
  readonly createZstdDecompress?:
    | ((options: TransformOptions & { readonly chunkSize: number; readonly finishFlush: number }) => Expander)
    | undefined;
}
// ZSTD_EndDirective
const [CONTINUE, END] = [0, 2];

/**
 * The bytes of a zstd file, where this version of Node can read it.
 *
 * @throws CorruptInputError, or whatever the source failed with
 */
export function unzstd(
  name: string,
  source: AsyncIterable<Buffer>,
  isCut = false,
  { createZstdDecompress }: typeof zlib & Zstd = zlib,
): AsyncGenerator<Buffer> {
  if (createZstdDecompress === undefined) {
    throw new CorruptInputError(
      `${name}: expected gzip, text or Parquet, got zstd, which Node.js reads from 22.15 on, and this is ${process.version}: run a later one, or compress the file with gzip instead`,
    );
  }
  const stream = createZstdDecompress({
    chunkSize: BLOCK,
    finishFlush: isCut ? CONTINUE : END,
  });
  return expanded(name, "zstd", source, stream);
}

/** What follows the bytes that the stream takes must be zeros. Of zstd, it takes no more than the first frame. */
async function* expanded(
  name: string,
  form: "gzip" | "zstd",
  source: AsyncIterable<Buffer>,
  stream: Expander,
): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
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
    // At a zero byte after a member the stream just ends, and what follows would be lost.
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) count(next.value);
    if (stream.bytesWritten < end) throw trailing(name, form);
  } catch (error) {
    if (!isZlibError(error)) throw error;
    // The first bytes were looked at before, so this is about those after a member.
    if (error.message === "incorrect header check") throw trailing(name, form, error);
    throw new CorruptInputError(
      `${name}: expected complete and undamaged ${form}, got an error: ${error.message}`,
      {
        cause: error,
      },
    );
  } finally {
    stream.destroy();
    // Lets go of the source when the reader stops early.
    await chunks.return?.();
  }
}

function trailingZeros(chunk: Buffer): number {
  let zeros = 0;
  while (zeros < chunk.length && chunk[chunk.length - 1 - zeros] === 0) zeros++;
  return zeros;
}

function trailing(name: string, form: "gzip" | "zstd", cause?: unknown): CorruptInputError {
  const got =
    form === "gzip"
      ? "other bytes after its end"
      : "more after its first frame: compress it in one, or with gzip";
  return new CorruptInputError(`${name}: expected complete and undamaged ${form}, got ${got}`, { cause });
}

function isZlibError(error: unknown): error is Error & { readonly code: string } {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    /^(?:Z|ZSTD)_/.test(error.code)
  );
}
