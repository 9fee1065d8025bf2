import * as fs from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { hasCode, obstacleOf } from "../../disk/data-dir.js";
import { DependencyError, messageOf } from "../../errors.js";
import { inParallel } from "./in-parallel.js";
import { type Candidate, Inventory } from "./inventory.js";
import { type Selection, Selector } from "./selection.js";
import type { Listing, Source } from "./source.js";

/** Bytes read at a time. */
const BLOCK = 256 * 1024;
/** So many files are asked for their sizes at once. */
const STATS_AT_ONCE = 16;
const SLASH = Buffer.from("/");

/** A directory of flow logs, with all below it. Links are not followed: what they lead to inside has its own name, and what is outside is none of ours. */
export class DirectorySource implements Source {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async list(selection: Selection, signal: AbortSignal): Promise<Listing> {
    signal.throwIfAborted();
    const root = await this.#root();
    const inventory = new Inventory(root);
    await walk(Buffer.from(root), "", new Selector(selection), inventory, signal);
    return inventory.listing();
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
 * Takes in everything below a directory.
 *
 * @param below the key of the directory, empty or with a slash at its end
 */
async function walk(
  path: Buffer,
  below: string,
  selector: Selector,
  inventory: Inventory,
  signal: AbortSignal,
): Promise<void> {
  const files: [path: Buffer, key: string][] = [];
  for (const entry of await entriesOf(path)) {
    signal.throwIfAborted();
    const key = below + textOf(entry.name);
    const entryPath = Buffer.concat([path, SLASH, entry.name]);
    if (entry.isSymbolicLink()) inventory.passOverLink(key);
    else if (entry.isDirectory()) {
      const choice = selector.folder(`${key}/`);
      if (choice !== "look" && choice !== "day") inventory.passOverFolder(`${key}/`, choice);
      else await walk(entryPath, `${key}/`, selector, inventory, signal);
    } else {
      const choice = entry.isFile() ? selector.file(key) : "foreign";
      if (choice === "candidate") files.push([entryPath, key]);
      else inventory.passOver(key, choice);
    }
  }
  const candidates = await inParallel(files, STATS_AT_ONCE, signal, ([path, key]) => candidate(path, key));
  for (const found of candidates) inventory.add(found);
}

/** Names are bytes: not all are UTF-8, and no other text leads back to the file. */
async function entriesOf(path: Buffer): Promise<fs.Dirent<Buffer>[]> {
  try {
    return await readdir(path, { encoding: "buffer", withFileTypes: true });
  } catch (error) {
    throw failure(`can't list the flow logs in ${textOf(path)}`, error);
  }
}

/** A name for keys and messages. Where it isn't UTF-8, bytes beyond ASCII are written as \xE9. */
function textOf(name: Buffer): string {
  const text = name.toString();
  if (name.equals(Buffer.from(text))) return text;
  return name
    .toString("latin1")
    .replaceAll(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

async function candidate(path: Buffer, key: string): Promise<Candidate> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return {
      key,
      version: `${ino}-${mtimeMs}-${size}`,
      size,
      open: (signal, range) => open(path, signal, range),
      read: (signal) => readSmall(path, size, signal),
    };
  } catch (error) {
    throw failure(`can't read ${textOf(path)}`, error);
  }
}

function open(
  path: Buffer,
  signal: AbortSignal,
  range?: { readonly start: number; readonly end: number },
): Readable {
  // The last byte counts in, other than in our ranges.
  const bounds = range === undefined ? {} : { start: range.start, end: range.end - 1 };
  return fs.createReadStream(path, { ...bounds, signal, highWaterMark: BLOCK });
}

// A FileHandle takes twice the time.
const [openFile, readFile] = [promisify(fs.open), promisify(fs.read)];

/** The bytes of a file; undefined where they are more than `size`. */
async function readSmall(path: Buffer, size: number, signal: AbortSignal): Promise<Buffer | undefined> {
  signal.throwIfAborted();
  const file = await openFile(path, "r");
  try {
    signal.throwIfAborted();
    // One more: a file whose size is still the same gives one less than was asked for, which is its end.
    const bytes = Buffer.allocUnsafe(size + 1);
    let at = 0;
    while (at <= size) {
      const { bytesRead } = await readFile(file, bytes, at, size + 1 - at, at);
      at += bytesRead;
      if (bytesRead === 0 || at === size) return bytes.subarray(0, at);
    }
    return undefined;
  } finally {
    // Waits for nothing, for nothing was written.
    fs.closeSync(file);
  }
}

/** What is gone below the root was there a moment ago: whatever fills the directory renames and removes files. */
function failure(message: string, cause: unknown, isMisplaced = false): DependencyError {
  const obstacle = obstacleOf(cause) ?? (isMisplaced ? "settings" : undefined);
  const advice = obstacle === "access" ? ". Grant access, or leave it out with FLOW_LOG_EXCLUDE" : "";
  return new DependencyError("digester", `${message}: ${messageOf(cause)}${advice}`, { cause, obstacle });
}
