import { createHash, randomUUID } from "node:crypto";
import type { Readable } from "node:stream";
import type { S3Request } from "./request.js";
import { md5, readContent, type Bucket, type StoredObject } from "./store.js";
import {
  completeUploadXml,
  decodeToken,
  initiateUploadXml,
  listObjectsXml,
  listUploadsXml,
  parseParts,
} from "./xml.js";

export interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer | Readable;
}

export class S3Error extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, headers: Record<string, string> = {}) {
    super(`the test server answers ${code}`);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

interface Context {
  readonly now: Date;
  readonly ignoredHeaders: ReadonlySet<string>;
  readonly conditionalDeletes: boolean;
}

const MIN_PART_BYTES = 5 * 1024 * 1024;

function keptHeaders(request: S3Request): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers)
      .filter(([name]) => /^(content-type|content-encoding|x-amz-meta-.*)$/.test(name))
      .map(([name, value]) => [name, value.replace(/^aws-chunked,?/, "")])
      .filter(([, value]) => value !== ""),
  );
}

function checkConditions(
  request: S3Request,
  existing: StoredObject | undefined,
  { ignoredHeaders }: Context,
): void {
  const heeded = (name: string) => (ignoredHeaders.has(name) ? undefined : request.headers[name]);
  const ifNoneMatch = heeded("if-none-match");
  const ifMatch = heeded("if-match");
  if (ifNoneMatch !== undefined && ifNoneMatch !== "*") throw new S3Error(501, "NotImplemented");
  if (ifNoneMatch === "*" && existing !== undefined) throw new S3Error(412, "PreconditionFailed");
  if (ifMatch === undefined) return;
  if (existing === undefined) throw new S3Error(404, "NoSuchKey");
  if (ifMatch.replaceAll('"', "") !== existing.etag) throw new S3Error(412, "PreconditionFailed");
}

function readObject(request: S3Request, object: StoredObject): Answer {
  const headers = {
    ...object.headers,
    etag: `"${object.etag}"`,
    "last-modified": object.modified.toUTCString(),
    "accept-ranges": "bytes",
  };
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers["range"] ?? "");
  if (range === null) {
    return {
      status: 200,
      headers: { ...headers, "content-length": String(object.size) },
      body: readContent(object.content, 0, object.size),
    };
  }
  const start = Number(range[1]);
  if (start >= object.size) throw new S3Error(416, "InvalidRange");
  const end = range[2] === "" ? object.size : Math.min(Number(range[2]) + 1, object.size);
  return {
    status: 206,
    headers: {
      ...headers,
      "content-length": String(end - start),
      "content-range": `bytes ${start}-${end - 1}/${object.size}`,
    },
    body: readContent(object.content, start, end),
  };
}

function completeUpload(request: S3Request, body: Buffer, bucket: Bucket, now: Date): Answer {
  const id = request.query.get("uploadId") ?? "";
  const upload = bucket.uploads.get(id);
  if (upload === undefined) throw new S3Error(404, "NoSuchUpload");
  const listed = parseParts(body.toString());
  const parts = listed.map(({ number, etag }) => {
    const part = upload.parts.get(number);
    if (part === undefined || part.etag !== etag) throw new S3Error(400, "InvalidPart");
    return part;
  });
  if (parts.length === 0) throw new S3Error(400, "MalformedXML");
  if (listed.some(({ number }, index) => number <= (listed[index - 1]?.number ?? 0))) {
    throw new S3Error(400, "InvalidPartOrder");
  }
  if (parts.slice(0, -1).some((part) => part.content.length < MIN_PART_BYTES)) {
    throw new S3Error(400, "EntityTooSmall");
  }
  const digests = createHash("md5");
  for (const part of parts) digests.update(part.etag, "hex");
  const etag = `${digests.digest("hex")}-${parts.length}`;
  bucket.put(request.key, Buffer.concat(parts.map((part) => part.content)), {
    modified: now,
    headers: upload.headers,
    etag,
  });
  bucket.uploads.delete(id);
  return { status: 200, body: completeUploadXml(request.bucket, request.key, etag) };
}

function listObjects(request: S3Request, bucket: Bucket): Answer {
  const { query } = request;
  const token = query.get("continuation-token");
  const options = {
    prefix: query.get("prefix") ?? "",
    delimiter: query.get("delimiter") ?? "",
    after: token === null ? (query.get("start-after") ?? "") : decodeToken(token),
    maxKeys: Math.min(Number(query.get("max-keys") ?? 1000), 1000),
    encoding: query.get("encoding-type") ?? undefined,
    restoreStatus: request.headers["x-amz-optional-object-attributes"] === "RestoreStatus",
  };
  return { status: 200, body: listObjectsXml(request.bucket, options, bucket.list(options)) };
}

export function answerObjectRequest(
  request: S3Request,
  body: Buffer,
  bucket: Bucket,
  context: Context,
): Answer {
  const { key } = request;
  const existing = bucket.get(key);
  switch (request.operation) {
    case "HeadBucket":
      return { status: 200 };
    case "ListObjectsV2":
      return listObjects(request, bucket);
    case "ListMultipartUploads":
      return { status: 200, body: listUploadsXml(request.bucket, bucket) };
    case "HeadObject":
    case "GetObject":
      if (existing === undefined) throw new S3Error(404, "NoSuchKey");
      checkConditions(request, existing, context);
      if (existing.archived && existing.restoredUntil === undefined)
        throw new S3Error(403, "InvalidObjectState");
      return readObject(request, existing);
    case "PutObject": {
      if (request.headers["content-length"] === undefined) throw new S3Error(411, "MissingContentLength");
      checkConditions(request, existing, context);
      const object = bucket.put(key, body, { modified: context.now, headers: keptHeaders(request) });
      return { status: 200, headers: { etag: `"${object.etag}"` } };
    }
    case "DeleteObject":
      if (context.conditionalDeletes && existing !== undefined) checkConditions(request, existing, context);
      bucket.delete(key);
      return { status: 204 };
    case "CreateMultipartUpload": {
      const id = randomUUID();
      bucket.uploads.set(id, {
        key,
        headers: keptHeaders(request),
        initiated: context.now,
        parts: new Map(),
      });
      return { status: 200, body: initiateUploadXml(request.bucket, key, id) };
    }
    case "UploadPart": {
      const upload = bucket.uploads.get(request.query.get("uploadId") ?? "");
      if (upload === undefined) throw new S3Error(404, "NoSuchUpload");
      const etag = md5(body);
      upload.parts.set(Number(request.query.get("partNumber")), { content: body, etag });
      return { status: 200, headers: { etag: `"${etag}"` } };
    }
    case "CompleteMultipartUpload":
      checkConditions(request, existing, context);
      return completeUpload(request, body, bucket, context.now);
    case "AbortMultipartUpload":
      if (!bucket.uploads.delete(request.query.get("uploadId") ?? "")) throw new S3Error(404, "NoSuchUpload");
      return { status: 204 };
    case undefined:
    default:
      throw new S3Error(501, "NotImplemented");
  }
}
