import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Bucket } from "./bucket.js";
import { isAnswer } from "./errors.js";
import { unquote } from "./etag.js";
import { s3Library } from "./library.js";

/**
 * Small text objects with compare-and-set. An ETag names the bytes of an object, not the write: whoever needs a version
 * that never comes back puts something unique into each text.
 */
export interface S3Record {
  readonly text: string;
  /** The ETag without its quotes, as radosgw wants it back; AWS takes both. */
  readonly version: string;
  readonly modified: Date;
  /** The store's clock when it answered. */
  readonly now: Date;
}

/** `"absent"`: create it. Otherwise the version to replace. */
export type Expected = "absent" | { readonly version: string };

const MAX_BYTES = 64 * 1024;
const CONFLICT_ATTEMPTS = 6;
const CONFLICT_PAUSE_MS = 50;

const DatedResponse = z.object({ headers: z.object({ date: z.string() }) });

/**
 * Another write of the key was under way: tell nothing from it, try again. The SDK doesn't by itself.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 * radosgw 16 answers 500 UnknownError to the losers of such a race, and then also to the SDK's own attempts.
 */
function isConflict(answer: unknown): boolean {
  return isAnswer(answer, "ConditionalRequestConflict", "UnknownError");
}

/** Undefined when there is none. What is larger than any record of ours is read as an empty text. */
export async function readRecord(
  bucket: Bucket,
  key: string,
  signal: AbortSignal,
): Promise<S3Record | undefined> {
  return bucket.call("GetObject", key, signal, async (options, s3) => {
    const { GetObjectCommand } = await s3Library();
    const command = new GetObjectCommand({ Bucket: bucket.name, Key: key });
    let now: Date | undefined;
    // The SDK keeps the Date header to itself.
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        now = new Date(DatedResponse.parse(result.response).headers.date);
        return result;
      },
      { step: "deserialize" },
    );
    try {
      const { Body, ContentLength = 0, ETag, LastModified } = await s3.send(command, options);
      if (now === undefined || LastModified === undefined || Body === undefined) {
        throw new Error("the answer lacks a Date or Last-Modified header");
      }
      const small = ContentLength <= MAX_BYTES;
      if (!small && "destroy" in Body) Body.destroy();
      const text = small ? await Body.transformToString() : "";
      return { text, version: unquote(ETag), modified: LastModified, now };
    } catch (error) {
      if (isAnswer(error, "NoSuchKey")) return undefined;
      throw error;
    }
  });
}

/**
 * Writes the text where what is there is as expected; the new version, or undefined when it isn't. The text must be
 * unlike any that was ever written under the key.
 */
export async function writeRecord(
  bucket: Bucket,
  key: string,
  text: string,
  expected: Expected,
  signal: AbortSignal,
): Promise<string | undefined> {
  const condition = expected === "absent" ? { IfNoneMatch: "*" } : { IfMatch: expected.version };
  const object = {
    Bucket: bucket.name,
    Key: key,
    Body: text,
    ContentType: "application/json",
    ...condition,
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { ETag } = await bucket.call("PutObject", key, signal, (options, s3) =>
        s3.putObject(object, options),
      );
      return unquote(ETag);
    } catch (error) {
      const answer = error instanceof Error ? error.cause : undefined;
      if (isAnswer(answer, "PreconditionFailed", "NoSuchKey")) break;
      if (!isConflict(answer) || attempt === CONFLICT_ATTEMPTS) throw error;
      await sleep(CONFLICT_PAUSE_MS * 2 ** attempt * (0.5 + Math.random()), undefined, { signal });
    }
  }
  // The refusal may be of our own write: the SDK sends again what got no answer, and the first may have been applied.
  const current = await readRecord(bucket, key, signal);
  return current?.text === text ? current.version : undefined;
}
