import { availableParallelism } from "node:os";
import type { Transform, TransformOptions } from "node:stream";
import type { Zlib, ZlibOptions, ZlibReset } from "node:zlib";

/**
 * Blocks compressed at once, of all jobs. One of the four threads of libuv's pool is left, for a look at a file that a
 * request needs would wait for all blocks before it; and one processor is left to the event loop.
 */
const AT_ONCE = Math.max(1, Math.min(3, availableParallelism() - 1));
/**
 * Twice zlib's window of 64 KiB. A smaller block has a stream of its own: the zlib of Node.js looks at bytes behind a block's end, and
 * finds there what is left of the block before.
 */
const REUSE_BYTES = 128 * 1024;
/** More than is added to what doesn't get smaller. */
const MIN_OUTPUT_BYTES = 1024;
/** All that comes out of a block is read when it is complete. */
const UNBOUNDED = 2 ** 30;

/** Types don't know that gzip can be reset, too. */
type Stream = Transform & Zlib & Partial<ZlibReset>;
export type CompressorOptions = ZlibOptions &
  Pick<TransformOptions, "readableHighWaterMark"> & { readonly chunkSize: number };

let working = 0;
/** Blocks that wait for one to be complete, the first of all jobs first. */
const waiting: (() => void)[] = [];

/**
 * Compresses blocks in libuv's pool, each as if it were the first: the same block always gives the same bytes. Streams of large
 * blocks are kept and used again: one for each would cost 400 KiB each time, of which the garbage collector takes note, and it
 * would mark the heap ten times a second.
 */
export class Compressor {
  readonly #create: (options: CompressorOptions) => Stream;
  readonly #options: CompressorOptions;
  readonly #idle: Stream[] = [];

  /** @param options whose `flush` is what ends a block */
  constructor(
    create: (options: CompressorOptions) => Stream,
    options: ZlibOptions & { readonly chunkSize: number },
  ) {
    this.#create = create;
    this.#options = { ...options, readableHighWaterMark: UNBOUNDED };
  }

  async compress(block: Uint8Array): Promise<Buffer> {
    if (working < AT_ONCE) working++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return block.length < REUSE_BYTES ? await this.#compressSmall(block) : await this.#compressLarge(block);
    } finally {
      const next = waiting.shift();
      if (next === undefined) working--;
      else next();
    }
  }

  async #compressSmall(block: Uint8Array): Promise<Buffer> {
    const chunkSize = Math.min(this.#options.chunkSize, block.length + MIN_OUTPUT_BYTES);
    const stream = this.#newStream(chunkSize);
    try {
      return await compressed(stream, block);
    } finally {
      stream.destroy();
    }
  }

  async #compressLarge(block: Uint8Array): Promise<Buffer> {
    const stream = this.#idle.pop() ?? this.#newStream();
    const bytes = await compressed(stream, block);
    stream.reset?.();
    this.#idle.push(stream);
    return bytes;
  }

  #newStream(chunkSize = this.#options.chunkSize): Stream {
    const stream = this.#create({ ...this.#options, chunkSize });
    // Whoever compresses is told; it may be told again when nobody listens any more.
    stream.on("error", () => undefined);
    return stream;
  }
}

function compressed(stream: Stream, block: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    stream.once("error", reject);
    stream.write(block, (error) => {
      stream.off("error", reject);
      const bytes: unknown = stream.read();
      if (Buffer.isBuffer(bytes)) resolve(bytes);
      else reject(error ?? new Error("a block came to nothing"));
    });
  });
}
