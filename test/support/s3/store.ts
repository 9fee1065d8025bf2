import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { Readable } from "node:stream";

/** What a test puts straight into a bucket: bytes, or a file that is read only when somebody asks for it. */
export type Content = Buffer | { readonly file: string };

export interface StoredObject {
  readonly content: Content;
  readonly size: number;
  readonly etag: string;
  readonly modified: Date;
  /** `content-type`, `content-encoding` and `x-amz-meta-…` as they were sent. */
  readonly headers: Readonly<Record<string, string>>;
  readonly storageClass: string;
  /** Whether it is in an archive and has to be restored before it is read. */
  readonly archived: boolean;
  /** Until when it can be read all the same. */
  readonly restoredUntil: Date | undefined;
}

/** Of an object: Intelligent-Tiering may archive too, and no listing tells. */
export interface StorageOptions {
  readonly storageClass?: string;
  readonly archived?: boolean;
  readonly restoredUntil?: Date;
}

export interface MultipartUpload {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly initiated: Date;
  readonly parts: Map<number, { readonly content: Buffer; readonly etag: string }>;
}

export function md5(content: Buffer | string): string {
  return createHash("md5").update(content).digest("hex");
}

export function readContent(content: Content, start: number, end: number): Buffer | Readable {
  if (Buffer.isBuffer(content)) return content.subarray(start, end);
  return start === end ? Readable.from([]) : createReadStream(content.file, { start, end: end - 1 });
}

/** Index of the first key that is not less than the given one. S3 sorts by UTF-8 bytes; for ASCII keys that is `<`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A bucket in memory. The server's handlers and the tests both work on it. */
export class Bucket {
  readonly uploads = new Map<string, MultipartUpload>();
  readonly #objects = new Map<string, StoredObject>();
  #sorted: string[] | undefined;

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  put(
    key: string,
    content: Content | string,
    options: { modified?: Date; headers?: Record<string, string>; etag?: string } & StorageOptions = {},
  ): StoredObject {
    const body = typeof content === "string" ? Buffer.from(content) : content;
    const inMemory = Buffer.isBuffer(body);
    const object: StoredObject = {
      content: body,
      size: inMemory ? body.length : statSync(body.file).size,
      etag: options.etag ?? md5(inMemory ? body : body.file),
      modified: options.modified ?? new Date(),
      headers: options.headers ?? {},
      storageClass: options.storageClass ?? "STANDARD",
      archived: options.archived ?? /^(?:GLACIER|DEEP_ARCHIVE)$/.test(options.storageClass ?? ""),
      restoredUntil: options.restoredUntil,
    };
    if (!this.#objects.has(key)) this.#sorted = undefined;
    this.#objects.set(key, object);
    return object;
  }

  delete(key: string): boolean {
    const existed = this.#objects.delete(key);
    if (existed) this.#sorted = undefined;
    return existed;
  }

  keys(): readonly string[] {
    this.#sorted ??= [...this.#objects.keys()].toSorted((a, b) => (a < b ? -1 : 1));
    return this.#sorted;
  }

  /** One page of ListObjectsV2, beginning after `after`. `next` is what to go on after, when there is more. */
  list(options: { prefix: string; delimiter: string; after: string; maxKeys: number }): {
    objects: { key: string; object: StoredObject }[];
    prefixes: string[];
    next: string | undefined;
  } {
    const { prefix, delimiter, after, maxKeys } = options;
    const keys = this.keys();
    const objects: { key: string; object: StoredObject }[] = [];
    const prefixes: string[] = [];
    let last = after;
    // A page that ended with a common prefix goes on behind everything below it. The prefix itself may be an object.
    const isCommon = delimiter !== "" && after.endsWith(delimiter) && after !== prefix;
    const resume = isCommon ? `${after}\uFFFF` : `${after}\0`;
    let index = lowerBound(keys, after !== "" && after >= prefix ? resume : prefix);
    for (;;) {
      const key = keys[index];
      if (key === undefined || !key.startsWith(prefix)) return { objects, prefixes, next: undefined };
      if (objects.length + prefixes.length >= maxKeys) return { objects, prefixes, next: last };
      const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
      if (cut === -1) {
        const object = this.#objects.get(key);
        if (object !== undefined) objects.push({ key, object });
        last = key;
        index += 1;
      } else {
        last = key.slice(0, cut + delimiter.length);
        prefixes.push(last);
        index = lowerBound(keys, `${last}\uFFFF`);
      }
    }
  }
}
