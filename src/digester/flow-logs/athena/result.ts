import { text } from "node:stream/consumers";
import { Readable } from "node:stream";
import { isAnswer } from "../../../s3/errors.js";
import type { Bucket } from "../../../s3/bucket.js";
import { list, type Listed } from "../listing.js";
import { bytesOf } from "../read-object.js";
import type { LogObject } from "../source.js";
import type { FinishedQuery } from "./query.js";

/**
 * The files of a result. Undefined when it isn't whole: a lifecycle rule has removed some of it.
 *
 * @param rows where they are
 * @throws DependencyError
 */
export async function resultOf(
  bucket: Bucket,
  rows: string,
  { manifest }: FinishedQuery,
  signal: AbortSignal,
): Promise<Listed[] | undefined> {
  const found: Listed[] = [];
  for await (const page of list(bucket, rows, undefined, signal)) found.push(...page.objects);
  const written = await writtenFiles(bucket, manifest, signal);
  const keys = new Set(found.map(({ key }) => key));
  if (written?.some((key) => !keys.has(key)) === true) return undefined;
  return found.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
}

/**
 * The keys that Athena says it has written, a line of the manifest each. Undefined where that is out of reach: a workgroup may keep
 * manifests in a place of its own.
 */
async function writtenFiles(
  bucket: Bucket,
  manifest: string | undefined,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const root = `s3://${bucket.name}/`;
  if (manifest?.startsWith(root) !== true) return undefined;
  const key = manifest.slice(root.length);
  const content = await bucket.call("GetObject", key, signal, async (options, s3) => {
    try {
      const { Body } = await s3.getObject({ Bucket: bucket.name, Key: key }, options);
      return Body instanceof Readable ? await text(Body) : undefined;
    } catch (error) {
      if (isAnswer(error, "NoSuchKey", "AccessDenied")) return undefined;
      throw error;
    }
  });
  return content
    ?.split("\n")
    .map((line) => line.trim().replaceAll('"', ""))
    .filter((line) => line.startsWith(root))
    .map((line) => line.slice(root.length));
}

/** A file of sums, as the digester reads it. */
export function sumsObject(
  bucket: Bucket,
  listed: Listed,
  further: readonly string[],
  bufferedBytes: number,
): LogObject {
  const { key, size, etag } = listed;
  return {
    key,
    format: "text",
    named: "aws",
    account: undefined,
    version: etag,
    size,
    sums: further,
    ...bytesOf(bucket, listed, bufferedBytes),
  };
}
