import { once } from "node:events";
import { addAbortSignal, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { z } from "zod";
import { implementation } from "../registry.js";
import { wholeBody } from "../s3/body.js";
import { Bucket, type BucketOptions } from "../s3/bucket.js";
import { isAnswer } from "../s3/errors.js";
import { removeObject } from "../s3/small-object.js";
import { unquote } from "../s3/etag.js";
import { bucketsTogether, s3Access, s3Settings } from "../s3/settings.js";
import { upload } from "../s3/upload.js";
import type { GraphId } from "../window.js";
import { S3Edges } from "./s3-edges.js";
import { S3Entries } from "./s3-entries.js";
import type { GraphInfo, Storage, StoredGraph, StoreOptions } from "./storage.js";

/** Graphs as objects `<id>.dot`, gzip. */
export class S3Storage implements Storage {
  readonly edges: S3Edges;
  readonly entries: S3Entries;
  readonly #bucket: Bucket;

  constructor(options: BucketOptions) {
    this.#bucket = new Bucket("storage", "GRAPH_STORAGE_BUCKET_REGION", options);
    this.edges = new S3Edges(this.#bucket);
    this.entries = new S3Entries(this.#bucket);
  }

  start(): Promise<void> {
    return this.#bucket.checkSettings();
  }

  stop(): Promise<void> {
    return this.#bucket.close();
  }

  ready(signal: AbortSignal): Promise<void> {
    return this.#bucket.ready(signal);
  }

  // The first two bytes rather than HeadObject, whose 404 doesn't say whether the key or the bucket is missing; and they
  // tell gzip from plain where a copy between buckets has lost the Content-Encoding.
  async head(id: GraphId, signal: AbortSignal): Promise<GraphInfo | undefined> {
    const found = await this.#get(id, "bytes=0-1", signal);
    if (found === undefined) return undefined;
    // Read rather than destroyed, so that the connection can be used again.
    await buffer(found.body);
    return found.info;
  }

  async get(id: GraphId, signal: AbortSignal): Promise<StoredGraph | undefined> {
    const found = await this.#get(id, undefined, signal);
    return found && { ...found.info, body: found.body };
  }

  async store(id: GraphId, body: Readable, options: StoreOptions): Promise<void> {
    const headers = { ContentType: "text/vnd.graphviz", ContentEncoding: "gzip" };
    await upload(this.#bucket, { key: keyOf(id), headers }, body, options);
  }

  async remove(id: GraphId, signal: AbortSignal): Promise<void> {
    await removeObject(this.#bucket, keyOf(id), signal);
    await this.edges.remove(id, signal);
  }

  async #get(
    id: GraphId,
    range: string | undefined,
    signal: AbortSignal,
  ): Promise<{ info: GraphInfo; body: Readable } | undefined> {
    const key = keyOf(id);
    const wanted = { Bucket: this.#bucket.name, Key: key, Range: range };
    return this.#bucket.call("GetObject", key, signal, async (options, s3) => {
      try {
        const answer = await s3.getObject(wanted, options);
        // An empty object is no graph: not of any service's, and nothing can be told from it.
        return answer.ContentLength === 0 ? undefined : await this.#open(key, answer, signal);
      } catch (error) {
        // InvalidRange: an empty object, as above.
        if (isAnswer(error, "NoSuchKey", "InvalidRange")) return undefined;
        throw error;
      }
    });
  }

  async #open(
    key: string,
    answer: GetObjectCommandOutput,
    signal: AbortSignal,
  ): Promise<{ info: GraphInfo; body: Readable }> {
    const { Body, ContentLength, ContentRange, ContentEncoding, ETag, LastModified } = answer;
    if (!(Body instanceof Readable) || ContentLength === undefined || LastModified === undefined) {
      throw new Error("the answer lacks a body, its Content-Length or Last-Modified header");
    }
    addAbortSignal(signal, Body);
    const body = wholeBody(Body, ContentLength, (error) => {
      const reason: unknown = signal.reason;
      return reason instanceof Error ? reason : this.#bucket.error("GetObject", key, error);
    });
    try {
      const gzip = ContentEncoding === "gzip" || (await startsAsGzip(body));
      const info: GraphInfo = {
        encoding: gzip ? "gzip" : "identity",
        size: Number(/\/(\d+)$/.exec(ContentRange ?? "")?.[1] ?? ContentLength),
        modified: LastModified,
        version: unquote(ETag),
      };
      return { info, body };
    } catch (error) {
      body.destroy();
      throw error;
    }
  }
}

function keyOf(id: GraphId): string {
  return `${id}.dot`;
}

/** Looks at the first two bytes and puts them back. */
async function startsAsGzip(body: Readable): Promise<boolean> {
  await once(body, "readable");
  // Fewer than two bytes are there only when the body is shorter; DOT begins with "digraph".
  const chunk: unknown = body.read();
  if (!Buffer.isBuffer(chunk)) return false;
  body.unshift(chunk);
  return chunk[0] === 0x1f && chunk[1] === 0x8b;
}

/** Chosen by its bucket. */
export const s3Storage = implementation({
  settings: {
    ...s3Settings,
    GRAPH_STORAGE_BUCKET: z
      .string()
      .min(3, "expected the name of a bucket")
      .optional()
      .describe("S3 bucket for graphs. Unset: files in GRAPH_DATA_DIR"),
    GRAPH_STORAGE_BUCKET_REGION: z.string().optional().describe("region of that bucket. Unset: AWS_REGION"),
  },
  rules: [bucketsTogether],
  create: (config): Storage | undefined => {
    const { GRAPH_STORAGE_BUCKET: bucket, GRAPH_STORAGE_BUCKET_REGION: region } = config;
    return bucket === undefined ? undefined : new S3Storage({ access: s3Access(config), bucket, region });
  },
});
