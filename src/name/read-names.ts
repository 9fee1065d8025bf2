import { createHash } from "node:crypto";
import { type FileHandle, open, stat } from "node:fs/promises";
import type { Stats } from "node:fs";
import { formatOf } from "./formats.js";
import { NameFileError } from "./name-file.js";
import type { LoadedNames } from "./names.js";

/** The largest database of cities that is sold has half of that. */
const MAX_BYTES = 512 * 1024 * 1024;
/** Hashed in a millisecond. */
const CHUNK_BYTES = 512 * 1024;

/** Tells whether a file is the one that was read: by what every change of it changes, on a disk or a network's. */
export function identityOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join(" ");
}

/**
 * Reads a file of names in pieces that leave the event loop its turns.
 *
 * @returns undefined when the file changed meanwhile: it isn't whole
 * @throws NameFileError, errors of the file system, the signal's reason
 */
export async function readNames(file: string, signal: AbortSignal): Promise<LoadedNames | undefined> {
  const before = await stat(file);
  // To open a pipe would wait for whoever writes to it.
  if (!before.isFile()) throw new NameFileError(`${file}: expected a file`);
  if (before.size > MAX_BYTES) {
    throw new NameFileError(`${file}: expected at most ${MAX_BYTES} bytes, got ${before.size}`);
  }
  const handle = await open(file);
  try {
    const bytes = Buffer.from(new SharedArrayBuffer(before.size));
    const digest = await fill(bytes, handle, signal);
    if (identityOf(await handle.stat()) !== identityOf(before)) return undefined;
    const content = await formatOf(file, bytes).read({ file, bytes }, signal);
    return { ...content, file, digest };
  } finally {
    await handle.close();
  }
}

/** @returns the SHA-256 of what was read */
async function fill(bytes: Buffer, handle: FileHandle, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for (let at = 0; at < bytes.length;) {
    const length = Math.min(CHUNK_BYTES, bytes.length - at);
    const { bytesRead } = await handle.read(bytes, at, length, at);
    signal.throwIfAborted();
    if (bytesRead === 0) break;
    hash.update(bytes.subarray(at, at + bytesRead));
    at += bytesRead;
  }
  return hash.digest("hex");
}
