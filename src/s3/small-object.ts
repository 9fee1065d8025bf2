import type { Bucket } from "./bucket.js";

/** Writes a small text of JSON, whatever was there. */
export async function putText(bucket: Bucket, key: string, text: string, signal: AbortSignal): Promise<void> {
  const object = { Bucket: bucket.name, Key: key, Body: text, ContentType: "application/json" };
  await bucket.call("PutObject", key, signal, (options, s3) => s3.putObject(object, options));
}

/** Removes an object; when there is none, nothing. */
export async function removeObject(bucket: Bucket, key: string, signal: AbortSignal): Promise<void> {
  const object = { Bucket: bucket.name, Key: key };
  await bucket.call("DeleteObject", key, signal, (options, s3) => s3.deleteObject(object, options));
}

export interface KeysOptions {
  readonly prefix: string;
  /** Keys that come after this one alone. */
  readonly startAfter?: string;
  /** What follows the prefix up to its first slash is left out where there is one. */
  readonly flat?: boolean;
  /** Keys that a page has at most; 1000 unless told otherwise. */
  readonly pageSize?: number;
}

/** Keys in the order of the store, which is that of their bytes, a page at a time. */
export async function* keysIn(
  bucket: Bucket,
  { prefix, startAfter, flat = false, pageSize }: KeysOptions,
  signal: AbortSignal,
): AsyncGenerator<string[]> {
  let token: string | undefined;
  do {
    const wanted = {
      Bucket: bucket.name,
      Prefix: prefix,
      StartAfter: startAfter,
      Delimiter: flat ? "/" : undefined,
      MaxKeys: pageSize,
      ContinuationToken: token,
    };
    const page = await bucket.call("ListObjectsV2", prefix, signal, (options, s3) =>
      s3.listObjectsV2(wanted, options),
    );
    yield (page.Contents ?? []).flatMap(({ Key }) => Key ?? []);
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}
