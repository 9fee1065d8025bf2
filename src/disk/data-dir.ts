import { randomUUID } from "node:crypto";
import { access, type FileHandle, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { DependencyError, type DependencyName, messageOf, type Obstacle } from "../errors.js";

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.some((code) => code === error.code);
}

/**
 * Somebody has to change something before the next try can succeed. ENOENT isn't among them: a volume may come back, and
 * a temporary file that another process took for a killed one's is gone this once.
 */
const DENIED = ["EACCES", "EPERM", "EROFS"];
const MISPLACED = ["ENOTDIR", "EISDIR", "ELOOP", "ENAMETOOLONG"];

export function obstacleOf(error: unknown): Obstacle | undefined {
  if (hasCode(error, ...DENIED)) return "access";
  return hasCode(error, ...MISPLACED) ? "settings" : undefined;
}

/**
 * Gives a function that awaits a file operation and turns its failure into the port's error. `doing` names the path,
 * which Node's own messages leave out for operations on an open file.
 */
export function fileErrors(
  dependency: DependencyName,
  doing: string,
): <T>(operation: Promise<T>) => Promise<T> {
  return async (operation) => {
    try {
      return await operation;
    } catch (cause) {
      throw new DependencyError(dependency, `${doing}: ${messageOf(cause)}`, {
        cause,
        obstacle: obstacleOf(cause),
      });
    }
  };
}

/**
 * The clock that stamps the files of one file system: the ages of claims must come out the same for all processes
 * that share it, whatever their own clocks say. It is read by writing to a file and asking when that was written.
 */
export class FileClock {
  readonly #probe: FileHandle;

  private constructor(probe: FileHandle) {
    this.#probe = probe;
  }

  static async open(dir: string): Promise<FileClock> {
    const path = join(dir, `clock.${randomUUID()}`);
    const probe = await open(path, "wx");
    try {
      // An open file outlives its name, so that nothing is left when the process is killed.
      await unlink(path);
    } catch (error) {
      await probe.close();
      throw error;
    }
    return new FileClock(probe);
  }

  /** Milliseconds since 1970, comparable with the `mtimeMs` of files beside it. */
  async now(): Promise<number> {
    await this.#probe.write("0", 0);
    return (await this.#probe.stat()).mtimeMs;
  }

  async close(): Promise<void> {
    await this.#probe.close();
  }
}

/** Bytes that are too many to be kept within an inode, and need room of their own. */
const ROOM = Buffer.alloc(64 * 1024);

/** Rejects when a file can't be made and written to: the disk is full or read-only, a quota is used up. */
export async function checkRoom(dir: string): Promise<void> {
  const path = join(dir, `room.${randomUUID()}`);
  const handle = await open(path, "wx");
  try {
    // An open file outlives its name, so that nothing is left when the process is killed.
    await unlink(path);
    await handle.writeFile(ROOM);
  } finally {
    await handle.close();
  }
}

/** How long a directory that was there is taken to be there still. */
const SEEN_MS = 100;

/** Tells what isn't in a directory from a directory that isn't there: a volume that was unmounted says nothing of what it has. */
export class Presence {
  readonly #dir: string;
  #seenAt = Number.NEGATIVE_INFINITY;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Rejects when the directory isn't there. It isn't looked for each time: that costs as much as what wasn't found in it. */
  async check(): Promise<void> {
    const now = performance.now();
    if (now - this.#seenAt < SEEN_MS) return;
    await access(this.#dir);
    this.#seenAt = now;
  }
}

/** What the operation gives; undefined when the file isn't there. */
export async function ifThere<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/**
 * As `ifThere`, of an operation that calls back. A promise that Node rejects gets the stack of all who wait for it, which takes
 * longer than to look for what is often absent.
 */
export function ifFound<T>(
  operation: (done: (error: NodeJS.ErrnoException | null, value: T) => void) => void,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    operation((error, value) => {
      if (error === null) resolve(value);
      else if (error.code === "ENOENT") resolve(undefined);
      else reject(error);
    });
  });
}

/** So many bytes of an open file, or those that are there. */
export async function bytesAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
