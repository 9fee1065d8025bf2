import type { Duplex, TransformOptions } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
import { CorruptInputError } from "../../errors.js";

/** Bytes expanded at a time: a millisecond or so of parsing, during which nothing else runs. */
const BLOCK = 128 * 1024;

/**
 * The bytes of a gzip file, of any number of members. Zeros after the last one are padding, as they are for gunzip.
 *
 * @param name of the file, for messages
 * @param isCut whether the source is only the beginning of a file, which then isn't a fault
 * @throws CorruptInputError, or whatever the source failed with
 */
export function gunzip(name: string, source: AsyncIterable<Buffer>, isCut = false): AsyncGenerator<Buffer> {
  // It isn't destroyed at its end, so that what follows is read, and seen, as well.
  const options: zlib.ZlibOptions & TransformOptions = {
    chunkSize: BLOCK,
    autoDestroy: false,
    finishFlush: isCut ? zlib.constants.Z_SYNC_FLUSH : zlib.constants.Z_FINISH,
  };
  const stream = zlib.createGunzip(options);
  return expanded(name, "gzip", source, stream);
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
    autoDestroy: false,
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
  let length = 0;
  let lastNotZero = 0;
  async function* watched(): AsyncGenerator<Buffer> {
    for await (const bytes of source) {
      if (bytes.at(-1) !== 0) lastNotZero = length + bytes.length;
      else if (bytes.some((byte) => byte !== 0))
        lastNotZero = length + bytes.findLastIndex((byte) => byte !== 0) + 1;
      length += bytes.length;
      yield bytes;
    }
  }
  const fed = pipeline(watched, stream);
  // A failure destroys the stream with its cause, and is met where that is read.
  fed.catch(() => {});
  try {
    for await (const bytes of stream) yield bytes;
    await fed;
  } catch (error) {
    if (!isZlibError(error)) throw error;
    if (error.code === "Z_DATA_ERROR" && error.message === "incorrect header check")
      throw trailing(name, form, error);
    throw new CorruptInputError(`${name}: expected whole and sound ${form}, got an error: ${error.message}`, {
      cause: error,
    });
  } finally {
    stream.destroy();
  }
  if (lastNotZero > stream.bytesWritten) throw trailing(name, form);
}

function trailing(name: string, form: "gzip" | "zstd", cause?: unknown): CorruptInputError {
  const got =
    form === "gzip"
      ? "other bytes after its end"
      : "more after its first frame: compress it in one, or with gzip";
  return new CorruptInputError(`${name}: expected whole and sound ${form}, got ${got}`, { cause });
}

function isZlibError(error: unknown): error is Error & { readonly code: string } {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    /^(?:Z|ZSTD)_/.test(error.code)
  );
}
