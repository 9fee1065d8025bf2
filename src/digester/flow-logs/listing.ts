import type { _Object, ListObjectsV2CommandInput } from "@aws-sdk/client-s3";
import type { Bucket } from "../../s3/bucket.js";
import { unquote } from "../../s3/etag.js";

/** An object as a listing tells of it. */
export interface Listed {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Without its quotes. Names the bytes: an object that was replaced has another. */
  readonly etag: string;
  readonly modified: Date | undefined;
  /** The storage class, when it has to be restored from there before it can be read. */
  readonly archived: string | undefined;
}

/** A thousand keys at most. */
interface Page {
  readonly objects: readonly Listed[];
  /** Whole prefixes with their last slash; none without a delimiter. */
  readonly folders: readonly string[];
  /** Names that aren't UTF-8, percent-encoded: S3's interface has no way to ask for them. */
  readonly unnameable: readonly string[];
}

/** Storage classes whose objects can't be read as they are. GLACIER_IR's can. */
const ARCHIVES: ReadonlySet<string> = new Set(["GLACIER", "DEEP_ARCHIVE"]);

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
    const wanted: ListObjectsV2CommandInput = {
      Bucket: bucket.name,
      Prefix: prefix,
      Delimiter: delimiter,
      ContinuationToken: token,
      // Names may hold what XML can't.
      EncodingType: "url",
      OptionalObjectAttributes: ["RestoreStatus"],
    };
    const page = await bucket.call(
      "ListObjectsV2",
      prefix,
      signal,
      (options, s3) => s3.listObjectsV2(wanted, options),
      PATIENT,
    );
    const encoded = page.EncodingType === "url";
    const unnameable: string[] = [];
    const nameOf = (text: string | undefined): string[] => {
      if (text === undefined || !encoded) return text === undefined ? [] : [text];
      try {
        return [decodeURIComponent(text.replaceAll("+", " "))];
      } catch {
        unnameable.push(text);
        return [];
      }
    };
    const objects = (page.Contents ?? []).flatMap(({ Key, ...object }) =>
      nameOf(Key).map((key) => listed(key, object)),
    );
    const folders = (page.CommonPrefixes ?? []).flatMap(({ Prefix }) => nameOf(Prefix));
    yield { objects, folders, unnameable };
    token = page.NextContinuationToken;
  } while (token !== undefined);
}

function listed(key: string, { Size = 0, ETag, LastModified, StorageClass, RestoreStatus }: _Object): Listed {
  // One that was restored keeps its class. It can be read until this day.
  const restored = RestoreStatus?.RestoreExpiryDate !== undefined;
  return {
    key,
    size: Size,
    etag: unquote(ETag),
    modified: LastModified,
    archived:
      StorageClass !== undefined && ARCHIVES.has(StorageClass) && !restored ? StorageClass : undefined,
  };
}
