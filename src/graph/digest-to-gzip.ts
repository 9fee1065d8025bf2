import { nextTurn, turnIsOver } from "../turn.js";
import { Converter } from "./converter.js";
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
    return gzipOf(stats, (kernel) => convertWith(new Converter(stats, kernel), stats, digest));
  };
}

/** What a converter makes of a digest. */
export async function* convertWith(
  converter: Converter,
  stats: Pick<GraphStats, "digestBytes">,
  digest: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  for await (const chunk of digest) {
    stats.digestBytes += chunk.length;
    for (let at = 0; at < chunk.length; at += STRETCH_BYTES) {
      const part = chunk.subarray(at, at + STRETCH_BYTES);
      converter.write(part);
      yield* converter.take();
      // Streams alone may go on for ever without letting the event loop turn.
      if (turnIsOver()) await nextTurn();
    }
  }
  converter.end();
  for (const blocks of converter.nodes()) {
    yield* blocks;
    if (turnIsOver()) await nextTurn();
  }
}
