import { DotKernel } from "./dot-kernel.js";
import { TRAILER_BYTES } from "./making.js";
import type { GraphStats } from "./stats.js";

/** RFC 1952: deflate, no flags, no time, fastest, unknown system. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);

/**
 * What somebody has a kernel write, as one gzip member. Several members would be valid, but browsers and curl stop after the
 * first.
 *
 * Fills in `bytes` and `gzipBytes` of `stats`.
 *
 * @param write gives what the kernel gives, which in the end is closed
 * @param atEnd is called with the last bytes before they are given: see `making.ts`
 */
export async function* gzipOf(
  stats: Pick<GraphStats, "bytes" | "gzipBytes">,
  write: (kernel: DotKernel) => AsyncIterable<Buffer>,
  atEnd?: (trailer: Buffer) => void,
): AsyncGenerator<Buffer> {
  const kernel = DotKernel.take();
  try {
    yield HEADER;
    stats.gzipBytes += HEADER.length;
    for await (const block of write(kernel)) {
      stats.gzipBytes += block.length;
      yield block;
    }
    const trailer = Buffer.alloc(TRAILER_BYTES);
    trailer.writeUInt32LE(kernel.crc, 0);
    trailer.writeUInt32LE(kernel.bytes % 2 ** 32, 4);
    stats.bytes = kernel.bytes;
    stats.gzipBytes += trailer.length;
    atEnd?.(trailer);
    yield trailer;
  } finally {
    kernel.give();
  }
}
