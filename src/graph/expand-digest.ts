import { CorruptInputError } from "../errors.js";
import { gunzip, type GunzipOptions } from "../flow-log/decompress.js";

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
/** Large outputs, and ahead of the reader, since each waits its turn in libuv's pool. */
const GUNZIP: GunzipOptions = {
  chunkSize: 512 * 1024,
  readableHighWaterMark: 1024 * 1024,
};

/**
 * A stage of a pipeline: gzip (one member or several) or plain, told by the first bytes, to plain.
 *
 * Errors with `CorruptInputError` when the gzip is damaged, and when more than `maxBytes` come out of it. Errors of the source pass through.
 */
export function expandDigest(maxBytes: number) {
  return async function* expandDigest(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let total = 0;
    for await (const chunk of gunzipIfNeeded(source)) {
      total += chunk.length;
      if (total > maxBytes) {
        throw new CorruptInputError(
          `expected a digest of at most ${maxBytes} bytes (DIGEST_MAX_BYTES), got a larger one`,
          { tooLarge: true },
        );
      }
      yield chunk;
    }
  };
}

async function* gunzipIfNeeded(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < GZIP_MAGIC.length) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const whole = startingWith(head, chunks);
  yield* head.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC) ? gunzip("the digest", whole, GUNZIP) : whole;
}

async function* startingWith(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield head;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    // Lets go of the source when the reader stops early.
    await rest.return?.();
  }
}
