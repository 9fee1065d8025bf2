import { DependencyError } from "../../errors.js";
import type { Bucket } from "../../s3/bucket.js";
import { inParallel } from "./in-parallel.js";
import type { Inventory } from "./inventory.js";
import { dayFolders } from "./aws-folders.js";
import { list } from "./listing.js";
import type { Selector } from "./selection.js";

/** Where below a prefix there may be flow logs of a selection. */
export interface Places {
  /** Folders of days in AWS's layouts, everything below which is wanted. */
  readonly days: ReadonlySet<string>;
  /** Folders that have files directly in them. */
  readonly others: readonly string[];
}

interface Folder {
  readonly name: string;
  readonly folders: readonly string[];
  readonly hasFiles: boolean;
}

/** Calls at once. */
export const LISTS_AT_ONCE = 8;
/** Beyond so many, the prefix is taken for a mistake. */
const MAX_FOLDERS = 20_000;
/**
 * How long it is remembered which folders there are. What is delivered to a new place meanwhile is missed, so it is less than
 * the time that passes anyway until the logs of a window are complete.
 */
const TTL_MS = 5 * 60_000;

/** The folders of a bucket below a prefix, each listed once in a while. */
export class Folders {
  readonly #bucket: Bucket;
  readonly #known = new Map<string, { readonly folder: Folder; readonly at: number }>();

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  /**
   * Looks level by level for places of flow logs, from the root down to the folders of days; into other folders all the way.
   * The folders of days in AWS's layouts are places whether they are there yet or not.
   *
   * @param inventory is told of folders that aren't looked into
   * @throws DependencyError
   */
  async find(root: string, selector: Selector, inventory: Inventory, signal: AbortSignal): Promise<Places> {
    this.#forget();
    const days = new Set<string>();
    const others: string[] = [];
    let listed = 0;
    for (let level = [root]; level.length > 0;) {
      listed += level.length;
      if (listed > MAX_FOLDERS) throw tooMany(this.#bucket, root);
      const found = await inParallel(level, LISTS_AT_ONCE, signal, (name, signal) =>
        this.#look(name, signal),
      );
      level = [];
      for (const { name, folders, hasFiles } of found) {
        // Only the root can be anything else than a folder to look into.
        const choice = name === root ? selector.folder(name) : "look";
        const isEmpty = folders.length === 0 && !hasFiles;
        if (isEmpty) continue;
        if (choice === "day") days.add(name);
        else if (choice !== "look") inventory.passOverFolder(name, choice);
        if (choice !== "look") continue;
        for (const day of dayFolders(name, selector.days)) days.add(day);
        if (hasFiles) others.push(name);
        for (const folder of folders) {
          const below = selector.folder(folder);
          if (below === "look") level.push(folder);
          else if (below === "day") days.add(folder);
          else inventory.passOverFolder(folder, below);
        }
      }
    }
    return { days, others };
  }

  /** Calls that meet each other look for themselves, so that none depends on the signal of another. */
  async #look(name: string, signal: AbortSignal): Promise<Folder> {
    const known = this.#known.get(name);
    if (known !== undefined) return known.folder;
    const at = performance.now();
    const folders: string[] = [];
    let hasFiles = false;
    for await (const page of list(this.#bucket, name, "/", signal)) {
      folders.push(...page.folders);
      hasFiles ||= page.unnameable.length > 0 || page.objects.some((object) => !isMarker(object));
    }
    const folder = { name, folders, hasFiles };
    this.#known.set(name, { folder, at });
    return folder;
  }

  #forget(): void {
    const now = performance.now();
    for (const [name, { at }] of this.#known) if (now - at >= TTL_MS) this.#known.delete(name);
  }
}

/** Consoles make such an object for a folder that has nothing in it yet. */
export function isMarker({ key, size }: { readonly key: string; readonly size: number }): boolean {
  return size === 0 && key.endsWith("/");
}

function tooMany({ name }: Bucket, root: string): DependencyError {
  return new DependencyError(
    "digester",
    `below s3://${name}/${root} there are more than ${MAX_FOLDERS} folders to look into: expected a prefix in DIGESTER_ENDPOINT that is nearer to the flow logs, or FLOW_LOG_INCLUDE or FLOW_LOG_EXCLUDE to narrow them`,
    { transient: false },
  );
}
