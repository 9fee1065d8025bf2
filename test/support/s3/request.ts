import type { IncomingMessage } from "node:http";

type Operation =
  | "AbortMultipartUpload"
  | "CompleteMultipartUpload"
  | "CreateMultipartUpload"
  | "DeleteObject"
  | "GetObject"
  | "HeadBucket"
  | "HeadObject"
  | "ListMultipartUploads"
  | "ListObjectsV2"
  | "PutObject"
  | "UploadPart";

/** A request as the tests see it, in the server's log and in the conditions of faults. */
export interface S3Request {
  readonly operation: Operation | undefined;
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
}

function operationOf(method: string, key: string, query: URLSearchParams): Operation | undefined {
  switch (method) {
    case "GET":
      if (key !== "") return "GetObject";
      return query.has("uploads") ? "ListMultipartUploads" : "ListObjectsV2";
    case "HEAD":
      return key === "" ? "HeadBucket" : "HeadObject";
    case "PUT":
      if (key === "") return undefined;
      return query.has("partNumber") ? "UploadPart" : "PutObject";
    case "POST":
      if (query.has("uploads")) return "CreateMultipartUpload";
      return query.has("uploadId") ? "CompleteMultipartUpload" : undefined;
    case "DELETE":
      return query.has("uploadId") ? "AbortMultipartUpload" : "DeleteObject";
    default:
      return undefined;
  }
}

/** Path-style addressing alone: `/bucket/key`. */
export function parseRequest(message: IncomingMessage): S3Request {
  const [path = "", search = ""] = (message.url ?? "/").split("?", 2);
  const [, bucket = "", ...rest] = path.split("/");
  const query = new URLSearchParams(search);
  const key = decodeURIComponent(rest.join("/"));
  const method = message.method ?? "";
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) headers[name] = String(value);
  return {
    operation: operationOf(method, key, query),
    method,
    bucket: decodeURIComponent(bucket),
    key,
    query,
    headers,
  };
}

/** The payload of `Content-Encoding: aws-chunked`: hexadecimal size, extensions, data; then trailers, which are dropped. */
function decodeChunks(body: Buffer): Buffer {
  const chunks: Buffer[] = [];
  let offset = 0;
  for (;;) {
    const lineEnd = body.indexOf("\r\n", offset);
    const size = Number.parseInt(body.toString("latin1", offset, lineEnd), 16);
    if (lineEnd === -1 || Number.isNaN(size)) throw new Error("the aws-chunked body is malformed");
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    offset = lineEnd + 2 + size + 2;
  }
}

export async function readBody(message: IncomingMessage): Promise<Buffer> {
  if (message.method === "GET" || message.method === "HEAD") return Buffer.alloc(0);
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(Buffer.from(chunk));
  const body = Buffer.concat(chunks);
  return (message.headers["content-encoding"] ?? "").includes("aws-chunked") ? decodeChunks(body) : body;
}
