import type { Bucket, Deadline } from "./bucket.js";
import { isAnswer } from "./errors.js";
import { unquote } from "./etag.js";

/** Some megabytes at most, which are read within it. */
const RANGE: Deadline = { attemptMs: 20_000, totalMs: 60_000 };

export interface Range {
  readonly bytes: Buffer;
  /** Of the whole object. */
  readonly size: number;
  readonly version: string;
}

/**
 * A part of an object in one request, in memory: `0-99`, or the last bytes, `-8`.
 *
 * @param version that the object has to have still
 * @returns undefined when there is no object, or an empty one, or another version
 * @throws DependencyError, the signal's reason
 */
export async function readRange(
  bucket: Bucket,
  key: string,
  range: string,
  signal: AbortSignal,
  version?: string,
): Promise<Range | undefined> {
  const part = { Bucket: bucket.name, Key: key, Range: `bytes=${range}`, IfMatch: version };
  return bucket.call(
    "GetObject",
    key,
    signal,
    async (options, s3) => {
      try {
        const { Body, ContentRange, ContentLength, ETag } = await s3.getObject(part, options);
        // A store may answer with all of an object that is no larger than what was asked for.
        const size = /\/(\d+)$/.exec(ContentRange ?? "")?.[1] ?? ContentLength ?? 0;
        const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
        return { bytes, size: Number(size), version: unquote(ETag) };
      } catch (error) {
        if (isAnswer(error, "NoSuchKey", "InvalidRange", "PreconditionFailed")) return undefined;
        throw error;
      }
    },
    RANGE,
  );
}
