import { Bucket, type BucketOptions } from "../../s3/bucket.js";
import { streamOf } from "./body.js";
import { inParallel } from "./in-parallel.js";
import { accountOf, choose, dayPrefix, daysOf, namedBy, type Selection } from "./layout.js";
import { list, type Listed } from "./listing.js";
import { findPlaces, LISTS_AT_ONCE, type Places } from "./places.js";
import { readObject } from "./read-object.js";
import type { Listing, LogObject, Source } from "./source.js";

/**
 * How long it is remembered where flow logs are. What is delivered to a new place meanwhile is missed, so it is less than
 * the time that passes anyway until the logs of a window are complete.
 */
const PLACES_TTL_MS = 5 * 60_000;
/** More patience than the other buckets': hundreds of objects in a row are throttled at times, and a job is long. */
const MAX_ATTEMPTS = 8;

export interface BucketSourceOptions extends BucketOptions {
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  /** How far the stream of an object runs ahead of its reader. */
  readonly bufferedBytes: number;
}

/**
 * Flow logs in a bucket, below a prefix. Where they are is looked up level by level and remembered for a while; a window
 * then costs a listing of each of its days in each region's folder, whole: keys sort by flow log before time, so that no
 * page can be left out, and hours are folders or are not.
 */
export class BucketSource implements Source {
  readonly #bucket: Bucket;
  readonly #prefix: string;
  readonly #bufferedBytes: number;
  #known: { readonly places: Places; readonly at: number } | undefined;

  constructor({ prefix, bufferedBytes, ...options }: BucketSourceOptions) {
    this.#bucket = new Bucket("digester", "FLOW_LOG_BUCKET_REGION", {
      maxAttempts: MAX_ATTEMPTS,
      ...options,
    });
    this.#prefix = prefix;
    this.#bufferedBytes = bufferedBytes;
  }

  start(): Promise<void> {
    return this.#bucket.checkSettings();
  }

  async stop(): Promise<void> {
    this.#bucket.close();
  }

  ready(signal: AbortSignal): Promise<void> {
    return this.#bucket.ready(signal, this.#prefix);
  }

  async list(selection: Selection, signal: AbortSignal): Promise<Listing> {
    const { regions, others, notSelected } = await this.#places(selection, signal);
    const counts = {
      filesOutsideWindow: 0,
      filesNotSelected: 0,
      foldersNotSelected: notSelected,
      foreignFiles: 0,
    };
    const days = daysOf(selection.window);
    const folders = [
      ...regions.flatMap((region) => days.map((day) => ({ prefix: dayPrefix(region, day), whole: true }))),
      ...others.map((prefix) => ({ prefix, whole: false })),
    ].filter(({ prefix }) => overlap(prefix, this.#prefix));
    const found = await inParallel(folders, LISTS_AT_ONCE, signal, async ({ prefix, whole }, signal) => {
      const objects: LogObject[] = [];
      const delimiter = whole ? undefined : "/";
      for await (const page of list(this.#bucket, longer(prefix, this.#prefix), delimiter, signal)) {
        for (const object of page.objects) {
          const choice = choose(object.key, selection);
          if (choice === "notSelected") counts.filesNotSelected++;
          else if (choice === "outsideWindow") counts.filesOutsideWindow++;
          else if (choice === "foreign") counts.foreignFiles++;
          else objects.push(this.#object(object, choice));
        }
      }
      return objects;
    });
    return { objects: found.flat().toSorted((a, b) => (a.key < b.key ? -1 : 1)), counts };
  }

  /** Calls that meet each other look for themselves, so that none depends on the signal of another. */
  async #places(selection: Selection, signal: AbortSignal): Promise<Places> {
    signal.throwIfAborted();
    const now = performance.now();
    if (this.#known !== undefined && now - this.#known.at < PLACES_TTL_MS) return this.#known.places;
    const places = await findPlaces(this.#bucket, this.#prefix, selection, signal);
    this.#known = { places, at: now };
    return places;
  }

  #object(listed: Listed, format: LogObject["format"]): LogObject {
    const { key, size, etag } = listed;
    const whole = { start: 0, end: size };
    return {
      key,
      format,
      named: namedBy(key),
      account: accountOf(key),
      version: etag,
      size,
      open: (signal, range = whole) =>
        streamOf((closed) => readObject(this.#bucket, listed, range, closed), signal, this.#bufferedBytes),
    };
  }
}

function overlap(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

function longer(one: string, other: string): string {
  return one.length < other.length ? other : one;
}
