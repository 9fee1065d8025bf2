import { PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { expand } from "./expand.js";
import { gzip } from "./gzip.js";
import { newStats, type GraphStats } from "./stats.js";
import { toDot } from "./to-dot.js";

export interface ConversionOptions {
  /** Largest expanded digest, in bytes. */
  readonly maxDigestBytes: number;
  readonly signal: AbortSignal;
  /**
   * Awaited after the last byte, before the body ends. A rejection is the body's error: whoever stores the body then
   * drops it.
   */
  readonly beforeEnd: (stats: Readonly<GraphStats>) => Promise<void>;
}

export interface Conversion {
  /** The DOT as one gzip member. */
  readonly body: Readable;
  /** Final when `beforeEnd` is called. */
  readonly stats: Readonly<GraphStats>;
}

/**
 * A digest, gzip or plain, to its graph. Everything hangs together: an error of the digest, a malformed line, an abort or
 * a rejection of `beforeEnd` is the body's error, the first of them; and destroying the body destroys the digest.
 *
 * The body errors with `CorruptInputError` when the digest can never be a graph. The reader must consume or destroy it.
 */
export function convert(
  digest: Readable,
  { maxDigestBytes, signal, beforeEnd }: ConversionOptions,
): Conversion {
  const stats = newStats();
  const body = new PassThrough();
  async function* fence(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    yield* source;
    await beforeEnd(stats);
  }
  // A failure is the body's error: pipeline destroys it with the first cause.
  pipeline(digest, expand(maxDigestBytes), toDot(stats), gzip(stats), fence, body, { signal }).catch(
    () => {},
  );
  return { body, stats };
}
