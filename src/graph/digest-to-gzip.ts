import { Converter } from "./converter.js";
import { gzipOf } from "./gzip.js";
import type { GraphStats } from "./stats.js";
import { convertWith } from "./to-dot.js";

/**
 * A stage of a pipeline: an expanded digest, cut anywhere, to its DOT as one gzip member. The same digest always gives the same
 * bytes. Fills in all of `stats`. Errors as `toDot` does.
 */
export function digestToGzip(stats: GraphStats) {
  return function digestToGzip(digest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    return gzipOf(stats, (kernel) => convertWith(new Converter(stats, kernel), stats, digest));
  };
}
