import type { Bucket, StoredObject } from "./store.js";

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escape(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}

function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`;
}

function document(root: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`;
}

export function errorXml(code: string, message: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${escape(message)}</Message></Error>`;
}

export function initiateUploadXml(bucket: string, key: string, uploadId: string): string {
  return document(
    "InitiateMultipartUploadResult",
    element("Bucket", escape(bucket)) + element("Key", escape(key)) + element("UploadId", uploadId),
  );
}

export function completeUploadXml(bucket: string, key: string, etag: string): string {
  return document(
    "CompleteMultipartUploadResult",
    element("Bucket", escape(bucket)) + element("Key", escape(key)) + element("ETag", `&quot;${etag}&quot;`),
  );
}

/** As S3 encodes keys when it is asked to: for XML can't hold all that keys can. */
function urlEncoded(text: string): string {
  if (/^[\w./~-]*$/.test(text)) return text;
  return Array.from(text, (character) => {
    // A lone surrogate from U+DC80 on stands for a byte that isn't UTF-8.
    const code = character.charCodeAt(0);
    if (code >= 0xdc80 && code <= 0xdcff) return `%${(code - 0xdc00).toString(16).toUpperCase()}`;
    return encodeURIComponent(character);
  })
    .join("")
    .replaceAll("%2F", "/")
    .replaceAll("%20", "+");
}

function contentsXml(key: string, object: StoredObject, restoreStatus: boolean): string {
  const { restoredUntil: until } = object;
  return element(
    "Contents",
    element("Key", key) +
      element("LastModified", object.modified.toISOString()) +
      element("ETag", `&quot;${object.etag}&quot;`) +
      element("Size", String(object.size)) +
      element("StorageClass", object.storageClass) +
      (until === undefined || !restoreStatus
        ? ""
        : element(
            "RestoreStatus",
            element("IsRestoreInProgress", "false") + element("RestoreExpiryDate", until.toISOString()),
          )),
  );
}

export function listObjectsXml(
  name: string,
  query: {
    prefix: string;
    delimiter: string;
    maxKeys: number;
    encoding: string | undefined;
    restoreStatus: boolean;
  },
  page: ReturnType<Bucket["list"]>,
): string {
  const written = query.encoding === "url" ? urlEncoded : escape;
  return document(
    "ListBucketResult",
    element("Name", escape(name)) +
      element("Prefix", written(query.prefix)) +
      (query.encoding === undefined ? "" : element("EncodingType", query.encoding)) +
      (query.delimiter === "" ? "" : element("Delimiter", escape(query.delimiter))) +
      element("KeyCount", String(page.objects.length + page.prefixes.length)) +
      element("MaxKeys", String(query.maxKeys)) +
      element("IsTruncated", String(page.next !== undefined)) +
      (page.next === undefined ? "" : element("NextContinuationToken", encodeToken(page.next))) +
      page.objects.map(({ key, object }) => contentsXml(written(key), object, query.restoreStatus)).join("") +
      page.prefixes.map((prefix) => element("CommonPrefixes", element("Prefix", written(prefix)))).join(""),
  );
}

export function listUploadsXml(name: string, bucket: Bucket): string {
  const uploads = [...bucket.uploads].map(([id, upload]) =>
    element(
      "Upload",
      element("Key", escape(upload.key)) +
        element("UploadId", id) +
        element("Initiated", upload.initiated.toISOString()),
    ),
  );
  return document(
    "ListMultipartUploadsResult",
    element("Bucket", escape(name)) + element("IsTruncated", "false") + uploads.join(""),
  );
}

/** Continuation tokens are opaque to clients: base64url of the last key, so that nobody mistakes one for a key. */
function encodeToken(key: string): string {
  return Buffer.from(key).toString("base64url");
}

export function decodeToken(token: string): string {
  return Buffer.from(token, "base64url").toString();
}

/** Part numbers and ETags of a CompleteMultipartUpload request. */
export function parseParts(xml: string): { number: number; etag: string }[] {
  return [...xml.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = ""]) => ({
    number: Number(/<PartNumber>(\d+)<\/PartNumber>/.exec(part)?.[1]),
    etag: (/<ETag>(.*?)<\/ETag>/.exec(part)?.[1] ?? "").replaceAll(/&quot;|"/g, ""),
  }));
}
