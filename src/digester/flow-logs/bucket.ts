import { Bucket, type BucketOptions } from "../../s3/bucket.js";
import { DirectGet } from "../../s3/direct-get.js";
import { Fetcher, MANY } from "./fetcher.js";
import { inParallel } from "./in-parallel.js";
import { type Candidate, Inventory } from "./inventory.js";
import { list, type Listed, PATIENT } from "./listing.js";
import { parseAwsName } from "./aws-name.js";
import { Folders, isMarker, LISTS_AT_ONCE } from "./places.js";
import { bytesOf } from "./read-object.js";
import { type FolderChoice, type Selection, Selector } from "./selection.js";
import type { Listing, Source } from "./source.js";

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
  readonly #fetcher: Fetcher;
  readonly #direct: DirectGet;
  readonly #folders: Folders;
  readonly #prefix: string;
  readonly #bufferedBytes: number;

  constructor({ prefix, bufferedBytes, ...options }: BucketSourceOptions) {
    this.#bucket = new Bucket("digester", "FLOW_LOG_BUCKET_REGION", {
      maxAttempts: MAX_ATTEMPTS,
      ...options,
    });
    this.#fetcher = new Fetcher({ withinMs: (options.patience ?? 1) * PATIENT.attemptMs });
    this.#direct = new DirectGet(this.#bucket, (...request) => this.#fetcher.get(...request));
    this.#folders = new Folders(this.#bucket);
    this.#prefix = prefix;
    this.#bufferedBytes = bufferedBytes;
  }

  start(): Promise<void> {
    return this.#bucket.checkSettings();
  }

  async stop(): Promise<void> {
    await this.#bucket.close();
    await this.#fetcher.close();
  }

  ready(signal: AbortSignal): Promise<void> {
    return this.#bucket.ready(signal, this.#prefix);
  }

  async list(selection: Selection, signal: AbortSignal): Promise<Listing> {
    signal.throwIfAborted();
    const selector = new Selector(selection);
    const inventory = new Inventory(`s3://${this.#bucket.name}/${this.#prefix}`);
    await this.#direct.watch();
    const { days, others } = await this.#folders.find(this.#prefix, selector, inventory, signal);
    const places = [
      ...[...days].map((prefix) => ({ prefix, whole: true })),
      ...others.map((prefix) => ({ prefix, whole: false })),
    ];
    await inParallel(places, LISTS_AT_ONCE, signal, async ({ prefix, whole }, signal) => {
      const below = new FoldersBelow(prefix, selector, inventory);
      for await (const page of list(this.#bucket, prefix, whole ? undefined : "/", signal)) {
        for (const object of page.objects) {
          if (isMarker(object) || below.isPassedOver(object.key)) continue;
          const choice = selector.file(object.key);
          if (choice !== "candidate") inventory.passOver(object.key, choice);
          else if (isOlder(object, selection)) inventory.passOver(object.key, "outsideWindow");
          else inventory.add(this.#candidate(object));
        }
        for (const key of page.unnameable) {
          const choice = selector.file(key);
          if (choice === "candidate") inventory.passOverUnnameable(key);
          else inventory.passOver(key, choice);
        }
        // The thread starts while the pages that follow are listed.
        if (inventory.candidates >= MANY) this.#fetcher.start();
      }
    });
    return inventory.listing();
  }

  #candidate(listed: Listed): Candidate {
    const { key, size, etag, archived } = listed;
    const direct = () => (this.#fetcher.isRunning ? this.#direct : undefined);
    const bytes = bytesOf(this.#bucket, listed, this.#bufferedBytes, direct);
    return { key, version: etag, size, archived, ...bytes, release: this.#fetcher.release };
  }
}

/** Whether an archived object can't be of the window because it is older: there is no looking at what it holds. */
function isOlder({ key, archived, modified }: Listed, { window }: Selection): boolean {
  return (
    archived !== undefined &&
    parseAwsName(key) === undefined &&
    modified !== undefined &&
    modified < window.startDate
  );
}

/** The folders in a listing that goes all the way down, decided on as they would be if each were listed by itself. */
class FoldersBelow {
  readonly #prefix: string;
  readonly #selector: Selector;
  readonly #inventory: Inventory;
  readonly #known = new Map<string, FolderChoice>();

  constructor(prefix: string, selector: Selector, inventory: Inventory) {
    this.#prefix = prefix;
    this.#selector = selector;
    this.#inventory = inventory;
  }

  isPassedOver(key: string): boolean {
    for (let at = key.indexOf("/", this.#prefix.length); at !== -1; at = key.indexOf("/", at + 1)) {
      const folder = key.slice(0, at + 1);
      let choice = this.#known.get(folder);
      if (choice === undefined) {
        choice = this.#selector.folder(folder);
        this.#known.set(folder, choice);
        if (choice !== "look" && choice !== "day") this.#inventory.passOverFolder(folder, choice);
      }
      if (choice !== "look" && choice !== "day") return true;
    }
    return false;
  }
}
