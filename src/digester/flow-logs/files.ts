import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { obstacleOf } from "../../disk/data-dir.js";
import { DependencyError, messageOf } from "../../errors.js";
import { Fetcher, MANY } from "./fetcher.js";
import { inParallel } from "./in-parallel.js";
import type { Candidate } from "./inventory.js";
import { readSmall } from "./read-small.js";
import { UsedBlocks } from "./used-blocks.js";

/** So many files are asked for their sizes at once, and so many in one message to the thread, which others use too. */
const STATS_AT_ONCE = 16;
const STATS_IN_THREAD = 500;

export interface File {
  readonly path: Buffer;
  /** Its name below the directory of flow logs. */
  readonly key: string;
}

/** Files of a disk: how large they are, and what is in them. */
export class Files {
  readonly #fetcher = new Fetcher();
  readonly #blocks = new UsedBlocks();

  /** @param count files that will be read */
  expect(count: number): void {
    if (count >= MANY) this.#fetcher.start();
  }

  /** @throws DependencyError naming the file that can't be looked at */
  async candidates(files: readonly File[], signal: AbortSignal): Promise<Candidate[]> {
    this.expect(files.length);
    const known: Candidate[] = [];
    const left: File[] = [];
    for (let at = 0; at < files.length; at += STATS_IN_THREAD) {
      const some = files.slice(at, at + STATS_IN_THREAD);
      const paths = some.map(({ path }) => textual(path) ?? "");
      const stats = await this.#fetcher.stat(paths, signal);
      for (const [index, file] of some.entries()) {
        const [size = Number.NaN, mtimeMs = 0, ino = 0] = stats?.subarray(3 * index, 3 * index + 3) ?? [];
        if (Number.isNaN(size)) left.push(file);
        else known.push(this.#candidate(file, { size, mtimeMs, ino }));
      }
    }
    const others = await inParallel(left, STATS_AT_ONCE, signal, (file) => this.#look(file));
    return [...known, ...others];
  }

  async #look(file: File): Promise<Candidate> {
    try {
      return this.#candidate(file, await stat(file.path));
    } catch (error) {
      throw failure(`can't read ${textOf(file.path)}`, error);
    }
  }

  #candidate(
    { path, key }: File,
    { size, mtimeMs, ino }: Pick<Stats, "size" | "mtimeMs" | "ino">,
  ): Candidate {
    const name = textual(path);
    const read = async (signal: AbortSignal): Promise<Buffer | undefined> => {
      const bytes = name === undefined ? undefined : await this.#fetcher.read(name, size, signal);
      return bytes ?? readSmall(path, size, signal);
    };
    return {
      key,
      version: `${ino}-${mtimeMs}-${size}`,
      size,
      open: (signal, range) => this.#blocks.open(path, signal, range),
      read,
      release: this.#fetcher.release,
      reuse: this.#blocks.keep,
    };
  }

  async close(): Promise<void> {
    await this.#fetcher.close();
  }
}

/** A path that is text, and so can go to the thread. */
function textual(path: Buffer): string | undefined {
  const text = path.toString();
  return text.includes("\uFFFD") ? undefined : text;
}

/** A name for keys and messages. Where it isn't UTF-8, bytes beyond ASCII are written as \xE9. */
export function textOf(name: Buffer): string {
  const text = name.toString();
  if (name.equals(Buffer.from(text))) return text;
  return name
    .toString("latin1")
    .replaceAll(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** What is gone below the root was there a moment ago: whatever fills the directory renames and removes files. */
export function failure(message: string, cause: unknown, isMisplaced = false): DependencyError {
  const obstacle = obstacleOf(cause) ?? (isMisplaced ? "settings" : undefined);
  const advice = obstacle === "access" ? ". Grant access, or leave it out with FLOW_LOG_EXCLUDE" : "";
  return new DependencyError("digester", `${message}: ${messageOf(cause)}${advice}`, { cause, obstacle });
}
