import { constants, crc32, createDeflateRaw } from "node:zlib";
import { Compressor } from "../compressor.js";
import { BLOCK_BYTES, type BlockPool } from "./block-pool.js";
import { TRAILER_BYTES } from "./making.js";
import type { GraphStats } from "./stats.js";

/** The blocks that DOT comes in, so that these are compressed where they are. */
export const GZIP_BLOCK_BYTES = BLOCK_BYTES;
/**
 * Several times what is compressed at once, so that there is a next block while the event loop is at something else. Bounds
 * the memory: each takes its block and what comes out.
 */
const BLOCKS_IN_FLIGHT = 8;
/** What comes out of some blocks of DOT. */
const OUTPUT_BYTES = 128 * 1024;

/** Of DOT, level 2 makes a tenth less than level 1 in the same time; level 3 takes a fifth longer for a twentieth. */
const LEVEL = 2;

const deflate = new Compressor(createDeflateRaw, {
  level: LEVEL,
  memLevel: 9,
  chunkSize: OUTPUT_BYTES,
  flush: constants.Z_SYNC_FLUSH,
});

/** RFC 1952: deflate, no flags, no time, fastest, unknown system. */
export const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);
/** RFC 1951: an empty final block with fixed codes. */
const FINAL_BLOCK = Buffer.from([0x03, 0x00]);

/**
 * A stage of a pipeline: bytes to gzip, in blocks that are compressed side by side in libuv's pool. The
 * same bytes always give the same gzip, however they are cut.
 *
 * It is one member, as pigz makes it: each block is raw deflate that ends on a byte boundary without being final,
 * so blocks can be joined. Several members would be simpler and valid, but browsers and curl stop after the first.
 *
 */
export function gzip(stats: Pick<GraphStats, "gzipBytes">, options: GzipOptions = {}) {
  return async function* gzip(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const bytes of member(source, options)) {
      stats.gzipBytes += bytes.length;
      yield bytes;
    }
  };
}

interface GzipOptions {
  /** Whose the blocks of the source are: each goes back when it is compressed. */
  readonly pool?: BlockPool;
}

async function* member(source: AsyncIterable<Buffer>, { pool }: GzipOptions): AsyncGenerator<Buffer> {
  let crc = 0;
  let size = 0;
  const inFlight: Promise<Buffer>[] = [];

  yield GZIP_HEADER;
  for await (const { block, isWhole } of blocks(source)) {
    crc = crc32(block, crc);
    size += block.length;
    const compressed = deflate.compress(block).then((bytes) => {
      if (isWhole) pool?.give(block);
      return bytes;
    });
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
  yield Buffer.concat([FINAL_BLOCK, trailer]);
}

interface Block {
  readonly block: Buffer;
  /** Whether the source gave it as it is. */
  readonly isWhole: boolean;
}

/** The same bytes in blocks of one size, the last one excepted: where blocks are cut decides what gzip gives. */
async function* blocks(source: AsyncIterable<Buffer>): AsyncGenerator<Block> {
  let pending: Buffer[] = [];
  let missing = GZIP_BLOCK_BYTES;
  for await (let chunk of source) {
    if (chunk.length === missing && pending.length === 0) {
      yield { block: chunk, isWhole: true };
      continue;
    }
    while (chunk.length >= missing) {
      const part = chunk.subarray(0, missing);
      chunk = chunk.subarray(missing);
      yield { block: Buffer.concat([...pending, part]), isWhole: false };
      pending = [];
      missing = GZIP_BLOCK_BYTES;
    }
    if (chunk.length > 0) pending.push(chunk);
    missing -= chunk.length;
  }
  if (pending.length > 0) yield { block: Buffer.concat(pending), isWhole: false };
}
