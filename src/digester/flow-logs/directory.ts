import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { hasCode } from "../../disk/data-dir.js";
import { DependencyError } from "../../errors.js";
import { failure, type File, Files, textOf } from "./files.js";
import { Inventory } from "./inventory.js";
import { type Selection, Selector } from "./selection.js";
import type { Listing, Source } from "./source.js";

const SLASH = Buffer.from("/");

/** A directory of flow logs, with all below it. Links are not followed: what they lead to inside has its own name, and what is outside is none of ours. */
export class DirectorySource implements Source {
  readonly #directory: string;
  readonly #files = new Files();

  constructor(directory: string) {
    this.#directory = directory;
  }

  async stop(): Promise<void> {
    await this.#files.close();
  }

  async list(selection: Selection, signal: AbortSignal): Promise<Listing> {
    signal.throwIfAborted();
    const root = await this.#root();
    const inventory = new Inventory(root);
    for await (const files of walk(Buffer.from(root), "", new Selector(selection), inventory, signal)) {
      for (const candidate of await this.#files.candidates(files, signal)) inventory.add(candidate);
    }
    const listing = inventory.listing();
    this.#files.expect(listing.objects.length);
    return listing;
  }

  async ready(): Promise<void> {
    await this.#root();
  }

  async #root(): Promise<string> {
    try {
      const root = await realpath(this.#directory);
      if ((await stat(root)).isDirectory()) return root;
    } catch (error) {
      const isMissing = hasCode(error, "ENOENT");
      throw failure(`the flow logs should be in the directory ${this.#directory}`, error, isMissing);
    }
    throw new DependencyError(
      "digester",
      `expected ${this.#directory} to be a directory of flow logs, got a file`,
      {
        transient: false,
      },
    );
  }
}

/**
 * The files below a directory that may be flow logs, directory by directory. What else is there, the inventory is told.
 *
 * @param below the key of the directory, empty or with a slash at its end
 */
async function* walk(
  path: Buffer,
  below: string,
  selector: Selector,
  inventory: Inventory,
  signal: AbortSignal,
): AsyncGenerator<File[]> {
  const files: File[] = [];
  for (const entry of await entriesOf(path)) {
    signal.throwIfAborted();
    const key = below + textOf(entry.name);
    const entryPath = Buffer.concat([path, SLASH, entry.name]);
    if (entry.isSymbolicLink()) inventory.passOverLink(key);
    else if (entry.isDirectory()) {
      const choice = selector.folder(`${key}/`);
      if (choice !== "look" && choice !== "day") inventory.passOverFolder(`${key}/`, choice);
      else yield* walk(entryPath, `${key}/`, selector, inventory, signal);
    } else {
      const choice = entry.isFile() ? selector.file(key) : "foreign";
      if (choice === "candidate") files.push({ path: entryPath, key });
      else inventory.passOver(key, choice);
    }
  }
  yield files;
}

/** Names are bytes: not all are UTF-8, and no other text leads back to the file. */
async function entriesOf(path: Buffer): Promise<Dirent<Buffer>[]> {
  try {
    return await readdir(path, { encoding: "buffer", withFileTypes: true });
  } catch (error) {
    throw failure(`can't list the flow logs in ${textOf(path)}`, error);
  }
}
