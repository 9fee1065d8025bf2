import { randomUUID } from "node:crypto";
import { z } from "zod";
import { uninterrupted, unlessAborted } from "../deadline.js";
import { DependencyError } from "../errors.js";
import { implementation } from "../registry.js";
import { Bucket, type BucketOptions, type Deadline } from "../s3/bucket.js";
import { isAnswer } from "../s3/errors.js";
import { unquote } from "../s3/etag.js";
import { readRecord, writeRecord, type S3Record } from "../s3/conditional-object.js";
import { bucketsTogether, s3Access, s3Settings } from "../s3/settings.js";
import { GraphId } from "../graph-id.js";
import { Claim, type ClaimRecord, type Marker } from "./marker.js";

const SUFFIX = "_in_progress";
/** RFC 3339 alone in the object: what the Go service wrote. */
const GO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
/**
 * Date and Last-Modified are cut down to whole seconds, so their difference may be this much too large. An age that is
 * too small makes a lapsed claim wait a little; one that is too large takes a live claim from its holder.
 */
const LAST_MODIFIED_ERROR_MS = 999;
/** A deletion must not arrive when the tombstone that it is for may have lapsed. */
const DELETE: Deadline = { attemptMs: 2500, totalMs: 5000 };

/** How many try to replace one object at once, when a store is tried. */
const PROBE_WRITERS = 4;

/** The store would let two processes hold one claim. */
class UnfitStoreError extends DependencyError {
  constructor(bucket: string, what: string) {
    super(
      "marker",
      `the S3 store of bucket ${bucket} ${what}: two processes would do the same job without noticing. ` +
        "Use a store that supports If-None-Match and If-Match on PutObject",
      { transient: false },
    );
  }
}

/** Claims as objects `<id>_in_progress`, written on condition of what is there. */
export class S3Marker implements Marker {
  readonly #bucket: Bucket;
  #proof: Promise<void> | undefined;
  #isProven = false;

  constructor(options: BucketOptions) {
    this.#bucket = new Bucket("marker", "GRAPH_PROGRESS_BUCKET_REGION", options);
  }

  /**
   * Rejects when the settings can't work or the store ignores conditions. A store that can't be reached or denies isn't
   * refused: readiness says so, and it is tried again then and before the first write.
   */
  async start(): Promise<void> {
    await this.#bucket.checkSettings();
    try {
      await this.#proven(uninterrupted());
    } catch (error) {
      if (error instanceof UnfitStoreError) throw error;
    }
  }

  stop(): Promise<void> {
    return this.#bucket.close();
  }

  async ready(signal: AbortSignal): Promise<void> {
    await this.#bucket.ready(signal);
    await this.#proven(signal);
  }

  async read(id: GraphId, signal: AbortSignal): Promise<ClaimRecord | undefined> {
    const record = await readRecord(this.#bucket, keyOf(id), signal);
    return record && toClaimRecord(record);
  }

  async create(id: GraphId, claim: Claim, signal: AbortSignal): Promise<string | undefined> {
    await this.#proven(signal);
    return writeRecord(this.#bucket, keyOf(id), toText(claim), "absent", signal);
  }

  async replace(
    id: GraphId,
    version: string,
    claim: Claim,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    await this.#proven(signal);
    return writeRecord(this.#bucket, keyOf(id), toText(claim), { version }, signal);
  }

  /**
   * Most stores ignore conditions on a deletion. So the record is replaced by a tombstone first, on condition, and that
   * is what decides. A tombstone isn't a claim, so it counts as working, and nobody takes it before it has lapsed, which
   * the deletion's deadline is far ahead of. Should the process end in between, it lapses like any other claim.
   */
  async remove(id: GraphId, version: string, signal: AbortSignal): Promise<boolean> {
    await this.#proven(signal);
    const key = keyOf(id);
    const text = JSON.stringify({ removed: randomUUID() });
    const tombstone = await writeRecord(this.#bucket, key, text, { version }, signal);
    if (tombstone === undefined) return false;
    await this.#delete(key, tombstone);
    return true;
  }

  async *list(signal: AbortSignal): AsyncIterable<{ readonly id: GraphId; readonly version: string }> {
    let after: string | undefined;
    do {
      const wanted = { Bucket: this.#bucket.name, ContinuationToken: after };
      const page = await this.#bucket.call("ListObjectsV2", "", signal, (options, s3) =>
        s3.listObjectsV2(wanted, options),
      );
      for (const { Key = "", ETag } of page.Contents ?? []) {
        const id = GraphId.safeParse(Key.endsWith(SUFFIX) ? Key.slice(0, -SUFFIX.length) : "");
        if (id.success) yield { id: id.data, version: unquote(ETag) };
      }
      after = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (after !== undefined);
  }

  /** Not interrupted by a caller's signal: the record counts as removed, and a tombstone would only be in the way. */
  async #delete(key: string, version?: string): Promise<void> {
    const object = { Bucket: this.#bucket.name, Key: key, IfMatch: version };
    await this.#bucket.call(
      "DeleteObject",
      key,
      uninterrupted(),
      async (options, s3) => {
        try {
          await s3.deleteObject(object, options);
        } catch (error) {
          // Gone already, or taken by somebody for whom the tombstone had lapsed: either way the record is removed.
          if (!isAnswer(error, "NoSuchKey", "PreconditionFailed")) throw error;
        }
      },
      DELETE,
    );
  }

  /** Once it is known that the store honours conditions, this is free; until then calls find out, one for all. */
  async #proven(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#isProven) return;
    this.#proof ??= this.#probe().catch((error: unknown) => {
      this.#proof = undefined;
      throw error;
    });
    await unlessAborted(this.#proof, signal);
    this.#isProven = true;
  }

  async #probe(): Promise<void> {
    const key = `probe-${randomUUID()}`;
    const signal = uninterrupted();
    const write = (expected: Parameters<typeof writeRecord>[3]) =>
      writeRecord(this.#bucket, key, JSON.stringify({ probe: randomUUID() }), expected, signal);
    const version = await write("absent");
    if (version === undefined) throw new UnfitStoreError(this.#bucket.name, "refuses If-None-Match");
    try {
      if ((await write("absent")) !== undefined) {
        throw new UnfitStoreError(this.#bucket.name, "ignores If-None-Match");
      }
      const next = await write({ version });
      if (next === undefined)
        throw new UnfitStoreError(this.#bucket.name, "refuses the If-Match it should take");
      if ((await write({ version })) !== undefined) {
        throw new UnfitStoreError(this.#bucket.name, "ignores If-Match");
      }
      // Some stores check a condition first and write later: asked one after the other, they look right.
      const together = await Promise.all(
        Array.from({ length: PROBE_WRITERS }, () => write({ version: next })),
      );
      const [last, second] = together.filter((version) => version !== undefined);
      if (second !== undefined) {
        throw new UnfitStoreError(this.#bucket.name, "lets several writers at once past If-Match");
      }
      await this.#delete(key, last ?? next);
    } catch (error) {
      // Best effort: the error is what counts.
      await this.#delete(key).catch(() => undefined);
      throw error;
    }
  }
}

function keyOf(id: GraphId): string {
  return `${id}${SUFFIX}`;
}

/** The revision makes every write's ETag its own: renewing a claim would otherwise give the bytes it had before. */
function toText(claim: Claim): string {
  return JSON.stringify({ ...claim, revision: randomUUID() });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toClaimRecord({ text, version, modified, now }: S3Record): ClaimRecord {
  const claim = Claim.safeParse(parseJson(text));
  const since = !claim.success && GO_TIME.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN;
  const written = Number.isNaN(since) ? modified.getTime() + LAST_MODIFIED_ERROR_MS : since;
  return {
    claim: claim.success ? claim.data : null,
    version,
    ageMs: Math.max(0, now.getTime() - written),
  };
}

/** Chosen by its bucket. */
export const s3Marker = implementation({
  settings: {
    ...s3Settings,
    GRAPH_PROGRESS_BUCKET: z
      .string()
      .min(3, "expected the name of a bucket")
      .optional()
      .describe("S3 bucket for claims. Unset: files in GRAPH_DATA_DIR"),
    GRAPH_PROGRESS_BUCKET_REGION: z.string().optional().describe("region of that bucket. Unset: AWS_REGION"),
  },
  rules: [bucketsTogether],
  create: (config): Marker | undefined => {
    const { GRAPH_PROGRESS_BUCKET: bucket, GRAPH_PROGRESS_BUCKET_REGION: region } = config;
    return bucket === undefined ? undefined : new S3Marker({ access: s3Access(config), bucket, region });
  },
});
