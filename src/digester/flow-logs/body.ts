import { PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

const BUFFERED_BYTES = 256 * 1024;

/**
 * What a generator yields, as a stream. The signal that the generator is given aborts when the stream is closed
 * before its end, whether by its reader or by the outer signal; the stream then errors with that one's reason. It runs
 * ahead of the reader by `bufferedBytes`, beginning at once.
 */
export function streamOf(
  generate: (signal: AbortSignal) => AsyncGenerator<Buffer>,
  outer: AbortSignal,
  bufferedBytes = BUFFERED_BYTES,
): Readable {
  const body = new PassThrough({ readableHighWaterMark: bufferedBytes });
  // A failure before the reader listens mustn't end the process; the reader finds it when it begins to read.
  body.on("error", () => undefined);
  const closed = new AbortController();
  const abort = (): void => {
    body.destroy(outer.reason instanceof Error ? outer.reason : new Error(String(outer.reason)));
  };
  body.once("close", () => {
    outer.removeEventListener("abort", abort);
    closed.abort();
  });
  if (outer.aborted) abort();
  else outer.addEventListener("abort", abort, { once: true });
  // A failure has destroyed the body, which is how its reader is told.
  pipeline(generate(closed.signal), body).catch(() => {});
  return body;
}
