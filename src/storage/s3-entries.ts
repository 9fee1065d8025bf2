import { readRecord } from "../s3/conditional-object.js";
import type { Bucket } from "../s3/bucket.js";
import { keysIn, putText, removeObject } from "../s3/small-object.js";
import {
  type Entry,
  type EntryPage,
  type EntryQuery,
  countUnlisted,
  keyOf,
  pageOf,
  parseEntry,
  rangeOf,
  refOf,
} from "../entry.js";
import type { GraphRef } from "../window.js";
import type { EntryStorage } from "./storage.js";

const PREFIX = "entries/";
const SUFFIX = ".json";
/** S3 lists no more keys at once. */
const LISTED_AT_ONCE = 1000;
/** Beyond so many of either, graphs without an entry aren't counted: that would take seconds. */
const MAX_PAGES = 25;

/** Entries as objects `entries/<key>.json` in the bucket of the graphs. */
export class S3Entries implements EntryStorage {
  readonly #bucket: Bucket;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  async put(entry: Entry, signal: AbortSignal): Promise<void> {
    await putText(this.#bucket, objectOf(entry), JSON.stringify(entry), signal);
  }

  async get(ref: GraphRef, signal: AbortSignal): Promise<Entry | undefined> {
    const record = await readRecord(this.#bucket, objectOf(ref), signal);
    return record && parseEntry(record.text);
  }

  async list(query: EntryQuery, signal: AbortSignal): Promise<EntryPage> {
    const { above, below } = rangeOf(query);
    const { limit } = query;
    const pages = keysIn(
      this.#bucket,
      // The key itself comes before the name of its object.
      {
        prefix: PREFIX,
        startAfter: `${PREFIX}${above}${refOf(above) === undefined ? "" : SUFFIX}`,
        pageSize: Math.min(limit + 1, LISTED_AT_ONCE),
      },
      signal,
    );
    const keys: string[] = [];
    for await (const page of pages) {
      for (const name of page) {
        const key = entryKey(name);
        if (key === undefined) continue;
        if (key >= below || keys.length > limit) return pageOf(keys, limit);
        keys.push(key);
      }
      if (keys.length > limit) break;
    }
    return pageOf(keys, limit);
  }

  async remove(ref: GraphRef, signal: AbortSignal): Promise<void> {
    await removeObject(this.#bucket, objectOf(ref), signal);
  }

  async unlisted(signal: AbortSignal): Promise<number | undefined> {
    const [entries, names] = await Promise.all([
      this.#some({ prefix: PREFIX }, signal),
      this.#some({ prefix: "", flat: true }, signal),
    ]);
    if (entries === undefined || names === undefined) return undefined;
    const listed = new Set(entries.map((name) => refOf(entryKey(name) ?? "")?.id));
    return countUnlisted(names, listed);
  }

  /** The keys, or undefined when there are too many. */
  async #some(
    options: { readonly prefix: string; readonly flat?: boolean },
    signal: AbortSignal,
  ): Promise<string[] | undefined> {
    const keys: string[] = [];
    let pages = 0;
    for await (const page of keysIn(this.#bucket, options, signal)) {
      if (pages++ === MAX_PAGES) return undefined;
      keys.push(...page);
    }
    return keys;
  }
}

function objectOf(ref: GraphRef): string {
  return `${PREFIX}${keyOf(ref)}${SUFFIX}`;
}

/** Undefined for the name of another object. */
function entryKey(name: string): string | undefined {
  const key = name.endsWith(SUFFIX) ? name.slice(PREFIX.length, -SUFFIX.length) : "";
  return refOf(key) === undefined ? undefined : key;
}
