import { promisify } from "node:util";
import { constants, crc32, deflateRaw } from "node:zlib";
import { TRAILER_BYTES } from "./making.js";
import type { GraphStats } from "./stats.js";

export const GZIP_BLOCK_BYTES = 256 * 1024;
/**
 * Several times libuv's threads, so that these find the next block while the event loop is at something else. Bounds the
 * memory: each takes its block and what comes out, those at work zlib's 400 KiB besides.
 */
const BLOCKS_IN_FLIGHT = 16;
/** More than comes out of a block of DOT, so that compressing one is one turn in libuv's pool, not two. */
const OUTPUT_BYTES = 128 * 1024;

/** Of DOT, level 2 makes a tenth less than level 1 in the same time; level 3 takes a fifth longer for a twentieth. */
const LEVEL = 2;

/** RFC 1952: deflate, no flags, no time, fastest, unknown system. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);
/** RFC 1951: an empty final block with fixed codes. */
const FINAL_BLOCK = Buffer.from([0x03, 0x00]);

/**
 * A stage of a pipeline: bytes to gzip, in blocks that are compressed side by side in libuv's pool. The
 * same bytes always give the same gzip, however they are cut.
 *
 * It is one member, as pigz makes it: each block is raw deflate that ends on a byte boundary without being final,
 * so blocks can be joined. Several members would be simpler and valid, but browsers and curl stop after the first.
 *
 * @param atEnd is called with the last bytes before they are given: see `making.ts`
 */
export function gzip(stats: Pick<GraphStats, "gzipBytes">, atEnd: (trailer: Buffer) => void = () => {}) {
  return async function* gzip(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const bytes of member(source, atEnd)) {
      stats.gzipBytes += bytes.length;
      yield bytes;
    }
  };
}

async function* member(
  source: AsyncIterable<Buffer>,
  atEnd: (trailer: Buffer) => void,
): AsyncGenerator<Buffer> {
  let crc = 0;
  let size = 0;
  const inFlight: Promise<Buffer>[] = [];

  yield HEADER;
  for await (const block of blocks(source)) {
    crc = crc32(block, crc);
    size += block.length;
    const compressed = compress(block);
    // Awaited below, unless the reader stops early.
    compressed.catch(() => {});
    inFlight.push(compressed);
    if (inFlight.length < BLOCKS_IN_FLIGHT) continue;
    const oldest = await inFlight.shift();
    if (oldest !== undefined) yield oldest;
  }
  for (const compressed of inFlight) yield await compressed;

  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(size % 2 ** 32, 4);
  atEnd(trailer);
  yield Buffer.concat([FINAL_BLOCK, trailer]);
}

const deflateRawAsync = promisify<Buffer, object, Buffer>(deflateRaw);

function compress(block: Buffer): Promise<Buffer> {
  return deflateRawAsync(block, {
    level: LEVEL,
    memLevel: 9,
    chunkSize: OUTPUT_BYTES,
    finishFlush: constants.Z_SYNC_FLUSH,
  });
}

/** The same bytes in blocks of one size, the last one excepted: where blocks are cut decides what gzip gives. */
async function* blocks(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  let missing = GZIP_BLOCK_BYTES;
  for await (let chunk of source) {
    while (chunk.length >= missing) {
      const part = chunk.subarray(0, missing);
      chunk = chunk.subarray(missing);
      yield pending.length === 0 ? part : Buffer.concat([...pending, part]);
      pending = [];
      missing = GZIP_BLOCK_BYTES;
    }
    if (chunk.length > 0) pending.push(chunk);
    missing -= chunk.length;
  }
  if (pending.length > 0) yield Buffer.concat(pending);
}
