import { createReadStream } from "node:fs";
import { opendir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { DependencyError } from "../../errors.js";
import {
  accountOf,
  choose,
  mayLieBelow,
  namedBy,
  RECOGNISED,
  type Choice,
  type Selection,
} from "./layout.js";
import type { Listing, LogObject, Source } from "./source.js";

/** Bytes read at a time. */
const BLOCK = 256 * 1024;
/** How many names of files that aren't flow logs a message shows. */
const SHOWN = 3;

interface Found {
  readonly key: string;
  readonly kind: Choice | "link" | "notSelectedFolder";
}

/** A directory of flow logs, with all below it. Links are not followed: what they lead to inside has its own name, and what is outside is none of ours. */
export class DirectorySource implements Source {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async list(selection: Selection, signal: AbortSignal): Promise<Listing> {
    signal.throwIfAborted();
    const root = await this.#root();
    const objects: LogObject[] = [];
    const foreign: string[] = [];
    const counts = {
      filesOutsideWindow: 0,
      filesNotSelected: 0,
      foldersNotSelected: 0,
      foreignFiles: 0,
      linksNotFollowed: 0,
    };
    for await (const { key, kind } of walk(root, "", selection, signal)) {
      if (kind === "link") counts.linksNotFollowed++;
      else if (kind === "notSelectedFolder") counts.foldersNotSelected++;
      else if (kind === "notSelected") counts.filesNotSelected++;
      else if (kind === "outsideWindow") counts.filesOutsideWindow++;
      else if (kind !== "foreign") objects.push(await logObject(root, key, kind));
      else if (++counts.foreignFiles <= SHOWN) foreign.push(key);
    }
    const { filesOutsideWindow, filesNotSelected, foldersNotSelected, foreignFiles } = counts;
    if (objects.length + filesOutsideWindow + filesNotSelected + foldersNotSelected === 0) {
      const found = foreignFiles === 0 ? "no file" : `${foreignFiles} other files: ${foreign.join(", ")}`;
      throw new DependencyError("digester", `looked for ${RECOGNISED}, below ${root}, and found ${found}`, {
        transient: false,
      });
    }
    // Not by the locale: the same everywhere, and as S3 lists keys.
    objects.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    return { objects, counts };
  }

  async ready(): Promise<void> {
    await this.#root();
  }

  async #root(): Promise<string> {
    try {
      const root = await realpath(this.#directory);
      if ((await stat(root)).isDirectory()) return root;
    } catch (error) {
      throw failure(`the flow logs should be in the directory ${this.#directory}`, error);
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

/** Everything below a directory that isn't a directory itself or may be passed over, and what it is. */
async function* walk(
  root: string,
  below: string,
  selection: Selection,
  signal: AbortSignal,
): AsyncGenerator<Found> {
  const path = join(root, below);
  try {
    for await (const entry of await opendir(path)) {
      signal.throwIfAborted();
      const key = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isSymbolicLink()) yield { key, kind: "link" };
      else if (!entry.isDirectory()) yield { key, kind: entry.isFile() ? choose(key, selection) : "foreign" };
      else if (mayLieBelow(key, selection)) yield* walk(root, key, selection, signal);
      else yield { key, kind: "notSelectedFolder" };
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof DependencyError ? error : failure(`can't list the flow logs in ${path}`, error);
  }
}

async function logObject(root: string, key: string, format: LogObject["format"]): Promise<LogObject> {
  const path = join(root, key);
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return {
      key,
      format,
      named: namedBy(key),
      account: accountOf(key),
      version: `${ino}-${mtimeMs}-${size}`,
      size,
      open: (signal, range) => open(path, signal, range),
    };
  } catch (error) {
    throw failure(`can't read ${path}`, error);
  }
}

function open(
  path: string,
  signal: AbortSignal,
  range?: { readonly start: number; readonly end: number },
): Readable {
  // The last byte counts in, other than in our ranges.
  const bounds = range === undefined ? {} : { start: range.start, end: range.end - 1 };
  return createReadStream(path, { ...bounds, signal, highWaterMark: BLOCK });
}

function failure(message: string, cause: unknown): DependencyError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DependencyError("digester", `${message}: ${reason}`, {
    cause,
    transient: code !== "ENOENT" && code !== "ENOTDIR" && code !== "EACCES" && code !== "ELOOP",
  });
}
