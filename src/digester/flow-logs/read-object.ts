import { setTimeout as sleep } from "node:timers/promises";
import { addAbortSignal, Readable } from "node:stream";
import type { S3 } from "@aws-sdk/client-s3";
import { DependencyError } from "../../errors.js";
import type { Bucket, SendOptions } from "../../s3/bucket.js";
import type { DirectGet } from "../../s3/direct-get.js";
import { isAnswer } from "../../s3/errors.js";
import { unquote } from "../../s3/etag.js";
import { s3Library } from "../../s3/library.js";
import { streamOf } from "./body.js";
import { PATIENT, type Listed } from "./listing.js";
import type { LogObject } from "./source.js";

/** How often in a row a body may break off without a byte more than before, and the pause after the first time (doubling). */
const FUTILE_ATTEMPTS = 4;
const PAUSE_MS = 100;

/**
 * The bytes of an object from `start` up to `end`, not included. A body that breaks off is gone on with where it did, in
 * the same version of the object: each byte comes once.
 *
 * @throws DependencyError ("digester") naming the object, also when it was replaced or removed since it was listed
 */
async function* readObject(
  bucket: Bucket,
  object: Listed,
  { start, end }: { readonly start: number; readonly end: number },
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let futile = 0;
  for (let at = start; at < end;) {
    const body = await open(bucket, object, at, end, signal);
    const before = at;
    try {
      for await (const bytes of body) {
        at += bytes.length;
        yield bytes;
      }
      if (at !== end) throw new Error(`the body ended after ${at - start} bytes of ${end - start}`);
    } catch (error) {
      signal.throwIfAborted();
      futile = at > before ? 0 : futile + 1;
      if (futile === FUTILE_ATTEMPTS) throw bucket.error("GetObject", object.key, error);
      await sleep(PAUSE_MS * 2 ** futile, undefined, { signal });
    }
  }
}

/** How an object's bytes are had: as a stream that runs ahead by so many bytes, or all at once, for which `quick` may give a way. */
export function bytesOf(
  bucket: Bucket,
  object: Listed,
  bufferedBytes: number,
  quick: () => DirectGet | undefined = () => undefined,
): Pick<LogObject, "open" | "read"> {
  const whole = { start: 0, end: object.size };
  return {
    open: (signal, range = whole) =>
      streamOf((closed) => readObject(bucket, object, range, closed), signal, bufferedBytes),
    read: async (signal) => {
      const bytes = await quick()?.get(object, signal, PATIENT);
      if (bytes !== undefined) return bytes;
      const blocks: Buffer[] = [];
      for await (const block of readObject(bucket, object, whole, signal)) blocks.push(block);
      return Buffer.concat(blocks, object.size);
    },
  };
}

/** The body of an answer that has exactly these bytes of this very version of the object. */
async function open(
  bucket: Bucket,
  { key, size, etag }: Listed,
  start: number,
  end: number,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const range = start === 0 && end === size ? undefined : `bytes=${start}-${end - 1}`;
  const { GetObjectCommand } = await s3Library();
  const command = new GetObjectCommand({ Bucket: bucket.name, Key: key, IfMatch: etag, Range: range });
  // Worth another attempt, which begins with a new listing.
  const changed = (how: string, cause?: unknown) =>
    new DependencyError("digester", `GetObject s3://${bucket.name}/${key}: ${how} since it was listed`, {
      cause,
    });
  const run = async (options: SendOptions, s3: S3): Promise<AsyncIterable<Buffer>> => {
    try {
      const { Body, ContentLength, ETag } = await s3.send(command, options);
      if (!(Body instanceof Readable)) throw new Error("the answer lacks a body");
      // Not every store heeds If-Match, or ranges.
      if (unquote(ETag) === etag && ContentLength === end - start) return addAbortSignal(signal, Body);
      Body.destroy();
      if (unquote(ETag) !== etag) throw changed("it was replaced");
      throw new Error(`expected ${end - start} bytes, got ${ContentLength}`);
    } catch (error) {
      if (isAnswer(error, "PreconditionFailed")) throw changed("it was replaced", error);
      if (isAnswer(error, "InvalidObjectState")) throw archived(bucket, key, error);
      if (isAnswer(error, "NoSuchKey")) throw changed("it was removed", error);
      throw error;
    }
  };
  return bucket.call("GetObject", key, signal, run, PATIENT);
}

/** Of what S3 Intelligent-Tiering has archived, a listing doesn't tell. */
function archived({ name }: Bucket, key: string, cause: unknown): DependencyError {
  return new DependencyError(
    "digester",
    `GetObject s3://${name}/${key}: it is archived. Restore it (aws s3api restore-object), or leave it out with FLOW_LOG_EXCLUDE`,
    { cause, obstacle: "archive" },
  );
}
