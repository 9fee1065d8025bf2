import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import type { Bucket } from "../../s3/bucket.js";
import { unquote } from "../../s3/etag.js";

/** An object as a listing tells of it. */
export interface Listed {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Without its quotes. Names the bytes: an object that was replaced has another. */
  readonly etag: string;
}

/** A thousand keys at most. */
interface Page {
  readonly objects: readonly Listed[];
  /** Whole prefixes with their last slash; none without a delimiter. */
  readonly folders: readonly string[];
}

/** Throttled calls are repeated with growing pauses, which take their time. */
export const PATIENT = { attemptMs: 15_000, totalMs: 120_000 };

/** What lies below a prefix: everything, or with the delimiter `/` what lies directly in that folder. */
export async function* list(
  bucket: Bucket,
  prefix: string,
  delimiter: "/" | undefined,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  let token: string | undefined;
  do {
    const command = new ListObjectsV2Command({
      Bucket: bucket.name,
      Prefix: prefix,
      Delimiter: delimiter,
      ContinuationToken: token,
    });
    const page = await bucket.call(
      "ListObjectsV2",
      prefix,
      signal,
      (options) => bucket.client.send(command, options),
      PATIENT,
    );
    yield {
      objects: (page.Contents ?? []).flatMap(({ Key, Size = 0, ETag }) =>
        Key === undefined ? [] : { key: Key, size: Size, etag: unquote(ETag) },
      ),
      folders: (page.CommonPrefixes ?? []).flatMap(({ Prefix }) => Prefix ?? []),
    };
    token = page.NextContinuationToken;
  } while (token !== undefined);
}
