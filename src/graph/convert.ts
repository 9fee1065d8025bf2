import { PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { digestToGzip } from "./digest-to-gzip.js";
import { expandDigest } from "./expand-digest.js";
import { newStats, type GraphStats } from "./stats.js";

export interface ConversionOptions {
  /** Largest expanded digest, in bytes. */
  readonly maxDigestBytes: number;
  readonly signal: AbortSignal;
}

export interface Conversion {
  /** The DOT as one gzip member. */
  readonly body: Readable;
  /** Final when the body has ended. */
  readonly stats: Readonly<GraphStats>;
}

/**
 * A digest, gzip or plain, to its graph. Everything hangs together: an error of the digest, a malformed line or an
 * abort is the body's error, the first of them; and destroying the body destroys the digest.
 *
 * The body errors with `CorruptInputError` when the digest can never be a graph. The reader must consume or destroy it.
 */
export function convert(digest: Readable, { maxDigestBytes, signal }: ConversionOptions): Conversion {
  const stats = newStats();
  const body = new PassThrough();
  // A failure is the body's error: pipeline destroys it with the first cause.
  pipeline(digest, expandDigest(maxDigestBytes), digestToGzip(stats), body, { signal }).catch(() => {});
  return { body, stats };
}
