import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { FileClock, hasCode } from "./data-dir.js";

/** Makes the names in a directory survive a power cut: what was created, renamed or removed there. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Bytes written at a time: each write is a turn of libuv's pool, and a body may come in pieces of any size. */
const BLOCK_BYTES = 256 * 1024;

/** The same bytes in blocks, each of which is valid until the next is asked for. */
async function* inBlocks(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  let filled = 0;
  for await (const piece of source) {
    if (filled + piece.length > BLOCK_BYTES) {
      yield block.subarray(0, filled);
      filled = 0;
    }
    if (piece.length > BLOCK_BYTES) {
      yield piece;
    } else {
      block.set(piece, filled);
      filled += piece.length;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}

/**
 * Writes a body to `path`, whole and durable or not at all, by way of a file at `temporary` that must be on the same
 * file system and whose name nobody else uses. An abort counts until the file is complete.
 *
 * @param putInPlace puts the file at `temporary`, which is complete, at `path`; whole or not at all
 * @param io wraps every file operation, so that its failure can be told from the body's own, which passes unchanged
 */
export async function writeWhole(
  { path, temporary }: { readonly path: string; readonly temporary: string },
  body: Readable,
  signal: AbortSignal,
  putInPlace: () => Promise<void>,
  io: <T>(operation: Promise<T>) => Promise<T>,
): Promise<void> {
  async function write(source: AsyncIterable<Uint8Array>): Promise<void> {
    const handle = await io(open(temporary, "wx"));
    try {
      for await (const block of inBlocks(source)) await io(handle.writeFile(block));
      await io(handle.sync());
    } finally {
      await handle.close();
    }
  }

  try {
    await pipeline(body, write, { signal });
    await putInPlace();
  } catch (error) {
    // What can't be removed now is stale later; the first cause is the one to report.
    await rm(temporary, { force: true }).catch(() => {});
    signal.throwIfAborted();
    throw error;
  }
  await io(syncDirectory(dirname(path)));
}

/**
 * Removes what is in a directory of temporary files and was not written to for `staleMs`, on the file system's clock:
 * processes that were killed left it. Others may be using the directory, or cleaning it too.
 */
export async function removeStale(dir: string, staleMs: number): Promise<void> {
  const clock = await FileClock.open(dir);
  try {
    for (const name of await readdir(dir)) {
      const path = join(dir, name);
      try {
        const { mtimeMs } = await stat(path);
        if ((await clock.now()) - mtimeMs <= staleMs) continue;
        // Renamed first, in case its owner wakes up: it then finds a whole directory or none to put in its place.
        await rename(path, `${path}.stale`);
        await rm(`${path}.stale`, { recursive: true, force: true });
      } catch (error) {
        if (!hasCode(error, "ENOENT")) throw error;
      }
    }
  } finally {
    await clock.close();
  }
}
