import { nextTurn, turnIsOver } from "../turn.js";
import { Converter } from "./converter.js";
import type { DotKernel } from "./dot-kernel.js";
import { gzipOf } from "./gzip.js";
import type { GraphStats } from "./stats.js";

/** Less than a millisecond of work, after which others may have their turn. */
const STRETCH_BYTES = 32 * 1024;

/**
 * A stage of a pipeline: an expanded digest, cut anywhere, to its DOT as one gzip member. The same digest always gives the same
 * bytes. Memory grows with the number of distinct addresses only.
 *
 * Fills in all of `stats`. Errors with `CorruptInputError` when a line is malformed.
 */
export function digestToGzip(stats: GraphStats) {
  return function digestToGzip(digest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    return gzipOf(stats, (kernel) => write(kernel, stats, digest));
  };
}

async function* write(
  kernel: DotKernel,
  stats: GraphStats,
  digest: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const converter = new Converter(stats, kernel);
  for await (const chunk of digest) {
    stats.digestBytes += chunk.length;
    for (let at = 0; at < chunk.length; at += STRETCH_BYTES) {
      converter.write(chunk.subarray(at, at + STRETCH_BYTES));
      yield* kernel.take();
      // Streams alone may go on for ever without letting the event loop turn.
      if (turnIsOver()) await nextTurn();
    }
  }
  converter.end();
  for (const _ of converter.nodes()) {
    yield* kernel.take();
    if (turnIsOver()) await nextTurn();
  }
}
