import type { HeadObjectCommandOutput, S3 } from "@aws-sdk/client-s3";
import { uninterrupted } from "../deadline.js";
import { SupersededError } from "../errors.js";
import type { Bucket, Deadline, SendOptions } from "./bucket.js";
import { isAnswer } from "./errors.js";
import { unquote } from "./etag.js";

const COMMIT: Deadline = { attemptMs: 60_000, totalMs: 150_000 };

export interface CommitOptions {
  readonly signal: AbortSignal;
  /** Awaited right before the object appears; a rejection keeps it from that. */
  readonly beforeCommit: () => Promise<void>;
  /** The version that the object is to replace, null for none; undefined: anything. */
  readonly replaces?: string | null | undefined;
}

export interface CommittedObject {
  readonly key: string;
  /** What its metadata `making` says, which no other object has. */
  readonly making: string;
  readonly operation: "PutObject" | "CompleteMultipartUpload";
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
export interface Condition {
  readonly IfNoneMatch?: "*";
  readonly IfMatch?: string | undefined;
}

function conditionOf(replaces: string | null | undefined): Condition {
  if (replaces === undefined) return ANY;
  return replaces === null ? { IfNoneMatch: "*" } : { IfMatch: replaces };
}

/**
 * Sends the request that makes an object appear, unless another than it replaces is there by now. It isn't interrupted: its
 * outcome would be unknown. A store that knows no such condition (501, or it looks past it) replaces whatever is there;
 * several know it for PutObject alone, so before a completion there is a look at what is there.
 *
 * @throws SupersededError, DependencyError, the signal's reason, whatever `beforeCommit` throws
 */
export async function commitObject(
  bucket: Bucket,
  { key, making, operation }: CommittedObject,
  send: (condition: Condition, options: SendOptions, s3: S3) => Promise<unknown>,
  { signal, beforeCommit, replaces }: CommitOptions,
): Promise<void> {
  const commit = (condition: Condition) =>
    bucket.call(operation, key, uninterrupted(), (options, s3) => send(condition, options, s3), COMMIT);
  const superseded = (cause?: unknown) =>
    new SupersededError(`${operation} s3://${bucket.name}/${key}: somebody else stored it`, { cause });
  let condition = conditionOf(replaces);
  await beforeCommit();
  if (operation === "CompleteMultipartUpload" && replaces !== undefined) {
    const there = await find(bucket, key, signal);
    // An empty object is no graph.
    const version = there?.ContentLength ? unquote(there.ETag) : null;
    if (version !== replaces) throw superseded();
  }
  signal.throwIfAborted();
  for (;;) {
    try {
      await commit(condition);
      return;
    } catch (error) {
      const answer = error instanceof Error ? error.cause : undefined;
      if (isAnswer(answer, "NotImplemented") && condition !== ANY) {
        condition = ANY;
        continue;
      }
      if (!isAnswer(answer, "PreconditionFailed", "NoSuchKey", "NoSuchUpload")) throw error;
      // The SDK sends again what got no answer, and the first may have been applied: then the object is ours.
      const there = await find(bucket, key, uninterrupted());
      if (there?.Metadata?.["making"] === making) return;
      if (isAnswer(answer, "NoSuchUpload")) throw error;
      if (there?.ContentLength === 0 && condition.IfNoneMatch !== undefined) {
        // An empty object is no graph, but in the way of one.
        condition = { IfMatch: there.ETag };
        continue;
      }
      throw superseded(error);
    }
  }
}

const ANY: Condition = {};

async function find(
  bucket: Bucket,
  key: string,
  signal: AbortSignal,
): Promise<HeadObjectCommandOutput | undefined> {
  return bucket.call("HeadObject", key, signal, async (options, s3) => {
    try {
      return await s3.headObject({ Bucket: bucket.name, Key: key }, options);
    } catch (error) {
      if (isAnswer(error, "NotFound", "NoSuchKey")) return undefined;
      throw error;
    }
  });
}
