import { createReadStream, type Dirent } from "node:fs";
import { opendir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { DependencyError } from "../../errors.js";
import type { TimeWindow } from "../../window.js";
import { mayHold, parseName, RECOGNISED } from "./layout.js";
import type { Listing, LogObject, Source } from "./source.js";

/** Bytes read at a time. */
const BLOCK = 256 * 1024;
/** How many names of files that aren't flow logs a message shows. */
const SHOWN = 3;

/** A directory of flow logs, with all below it. Links are not followed: what they lead to inside has its own name, and what is outside is none of ours. */
export class DirectorySource implements Source {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async list(window: TimeWindow, signal: AbortSignal): Promise<Listing> {
    signal.throwIfAborted();
    const root = await this.#root();
    const objects: LogObject[] = [];
    const foreign: string[] = [];
    const counts = { filesOutsideWindow: 0, foreignFiles: 0, linksNotFollowed: 0 };
    for await (const { key, entry } of walk(root, "", signal)) {
      if (entry.isSymbolicLink()) {
        counts.linksNotFollowed++;
        continue;
      }
      const name = entry.isFile() ? parseName(key) : undefined;
      if (name === undefined) {
        counts.foreignFiles++;
        if (foreign.length < SHOWN) foreign.push(key);
      } else if (mayHold(name, window)) {
        objects.push(await logObject(root, key));
      } else {
        counts.filesOutsideWindow++;
      }
    }
    if (objects.length + counts.filesOutsideWindow === 0) {
      const found =
        counts.foreignFiles === 0 ? "no file" : `${counts.foreignFiles} other files: ${foreign.join(", ")}`;
      throw new DependencyError("digester", `looked for ${RECOGNISED} below ${root}, found ${found}`, {
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

/** Everything below a directory that isn't a directory itself. */
async function* walk(
  root: string,
  below: string,
  signal: AbortSignal,
): AsyncGenerator<{ key: string; entry: Dirent }> {
  const path = join(root, below);
  try {
    for await (const entry of await opendir(path)) {
      signal.throwIfAborted();
      const key = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) yield* walk(root, key, signal);
      else yield { key, entry };
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof DependencyError ? error : failure(`can't list the flow logs in ${path}`, error);
  }
}

async function logObject(root: string, key: string): Promise<LogObject> {
  const path = join(root, key);
  try {
    const { size } = await stat(path);
    return { key, size, open: (signal, range) => open(path, signal, range) };
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
