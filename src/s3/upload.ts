import { randomUUID } from "node:crypto";
import { addAbortSignal, type Readable } from "node:stream";
import type { CompletedPart, CreateMultipartUploadCommandInput, S3 } from "@aws-sdk/client-s3";
import { uninterrupted } from "../deadline.js";
import type { Bucket, Deadline, SendOptions } from "./bucket.js";
import { commitObject, type CommitOptions, type CommittedObject, type Condition } from "./commit.js";

/** All parts but the last have this size; an object of S3's 10,000 parts is 80 GiB. */
const PART_BYTES = 8 * 1024 * 1024;
const MAX_PARTS = 10_000;
/** Parts on their way at once. One more is being filled: memory is bounded by this, not by the body. */
const PARTS_IN_FLIGHT = 2;

const PART: Deadline = { attemptMs: 60_000, totalMs: 180_000 };

interface Part {
  readonly content: Buffer;
  readonly number: number;
  readonly last: boolean;
}

export interface Target {
  readonly key: string;
  readonly headers: { readonly ContentType: string; readonly ContentEncoding?: string };
}

/** At least one part; only the last may be shorter, and it is empty only when the body is. */
async function* partsOf(body: AsyncIterable<Buffer>): AsyncGenerator<Part> {
  let chunks: Buffer[] = [];
  let size = 0;
  let number = 1;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    // Only when more than a part is there is it known not to be the last.
    while (size > PART_BYTES) {
      const bytes = Buffer.concat(chunks, size);
      yield { content: bytes.subarray(0, PART_BYTES), number, last: false };
      chunks = [bytes.subarray(PART_BYTES)];
      size -= PART_BYTES;
      number += 1;
    }
  }
  yield { content: Buffer.concat(chunks, size), number, last: true };
}

/**
 * Uploads a body of unknown length, in one request when it is small. Nothing appears before its end, and an abort until
 * then leaves nothing. The request that makes the object appear is not interrupted: its outcome would be unknown.
 *
 * lib-storage's Upload does not do: its `abort` lets a PutObject or CompleteMultipartUpload under way go on after it
 * has rejected, and when a part fails it goes on to read and to send the rest of the body.
 */
export async function upload(
  bucket: Bucket,
  { key, headers }: Target,
  body: Readable,
  options: CommitOptions,
): Promise<void> {
  const { signal } = options;
  // Tells this object from every other under its key, should the answer to its completion be lost.
  const making = randomUUID();
  const object = { Bucket: bucket.name, Key: key, ...headers, Metadata: { making } };
  const commit: Commit = (operation, send) => commitObject(bucket, { key, making, operation }, send, options);
  addAbortSignal(signal, body);
  // Not `pipeline`: on an error of the body it would not wait for the upload to be discarded.
  try {
    const parts = partsOf(body);
    const first = await parts.next();
    // A generator that yields before it returns; the type can't say so.
    if (first.done === true) throw new Error("a body has at least one part");
    const { content, last } = first.value;
    if (last) {
      await commit("PutObject", (condition, o, s3) =>
        s3.putObject({ ...object, Body: content, ...condition }, o),
      );
    } else {
      const stopReading = (error: Error) => body.destroy(error);
      await uploadParts(bucket, object, { first: first.value, rest: parts, stopReading }, commit, signal);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    body.destroy();
  }
}

type Commit = (
  operation: CommittedObject["operation"],
  send: (condition: Condition, options: SendOptions, s3: S3) => Promise<unknown>,
) => Promise<void>;

async function uploadParts(
  bucket: Bucket,
  object: CreateMultipartUploadCommandInput & { readonly Key: string },
  body: { first: Part; rest: AsyncIterable<Part>; stopReading: (error: Error) => void },
  commit: Commit,
  signal: AbortSignal,
): Promise<void> {
  const { Bucket, Key } = object;
  // Not interrupted either: without the answer nobody could discard the upload.
  const { UploadId } = await bucket.call("CreateMultipartUpload", Key, uninterrupted(), (o, s3) =>
    s3.createMultipartUpload(object, o),
  );
  const failed = new AbortController();
  const sending = AbortSignal.any([signal, failed.signal]);
  const sent: CompletedPart[] = [];
  const inFlight = new Set<Promise<void>>();

  const send = async ({ content, number: PartNumber }: Part): Promise<void> => {
    if (PartNumber > MAX_PARTS)
      throw new Error(`a graph of more than ${MAX_PARTS} parts doesn't fit into S3`);
    const part = { Bucket, Key, UploadId, PartNumber, Body: content };
    const { ETag } = await bucket.call("UploadPart", Key, sending, (o, s3) => s3.uploadPart(part, o), PART);
    sent[PartNumber - 1] = { PartNumber, ETag };
  };
  const enqueue = async (part: Part): Promise<void> => {
    if (inFlight.size >= PARTS_IN_FLIGHT) await Promise.race(inFlight);
    const sending = send(part);
    inFlight.add(sending);
    sending.then(
      () => inFlight.delete(sending),
      // Kept in the set, so that whoever waits for it next learns of it; the body may be slow to give the next part.
      (error: Error) => body.stopReading(error),
    );
  };

  try {
    await enqueue(body.first);
    for await (const part of body.rest) await enqueue(part);
    await Promise.all(inFlight);
    const whole = { Bucket, Key, UploadId, MultipartUpload: { Parts: sent } };
    await commit("CompleteMultipartUpload", (condition, o, s3) =>
      s3.completeMultipartUpload({ ...whole, ...condition }, o),
    );
  } catch (error) {
    failed.abort();
    await Promise.allSettled(inFlight);
    await discard(bucket, Key, UploadId);
    throw error;
  }
}

/** Best effort: what stays behind is removed by the bucket's lifecycle rule, and the first error is what counts. */
async function discard(bucket: Bucket, key: string, uploadId: string | undefined): Promise<void> {
  const upload = { Bucket: bucket.name, Key: key, UploadId: uploadId };
  try {
    await bucket.call("AbortMultipartUpload", key, uninterrupted(), (o, s3) =>
      s3.abortMultipartUpload(upload, o),
    );
  } catch {
    // As above.
  }
}
