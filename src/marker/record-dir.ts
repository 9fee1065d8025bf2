import { randomUUID } from "node:crypto";
import { readdir } from "node:fs";
import { mkdir, open, rename, rm, rmdir, stat, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncDirectory } from "../disk/atomic-file.js";
import { hasCode, ifFound } from "../disk/data-dir.js";

/**
 * A record with compare-and-set for any number of processes, made of rename(2) and unlink(2) alone: there is no lock
 * that a killed process could leave.
 *
 * The record is a directory. It holds the text, `<version>.json`, and a pointer, an empty file whose name is
 * `claim.<version>`. Versions are random and never used again. Therefore:
 *
 * - Creating is to rename a complete directory into place, which fails where one is that isn't empty.
 * - Replacing is to rename the pointer from the old version to the new: of many, one finds the old name.
 * - Removing is to unlink the pointer: of many, one finds it.
 * - A pointer comes into being with its directory only. A directory without one is dead for ever, and anybody may
 *   clear it away by the names that were in it: these never hit what another process puts in its place meanwhile.
 */

/** How often others may win a race before something else must be wrong. */
const ATTEMPTS = 100;

const POINTER = "claim.";
const pointerOf = (path: string, version: string) => join(path, POINTER + version);
const textOf = (path: string, version: string) => join(path, `${version}.json`);

export interface DiskRecord {
  readonly version: string;
  readonly text: string;
  /** When it was written, on the file system's clock. */
  readonly mtimeMs: number;
}

/** Undefined when there is no record. */
export async function currentVersion(path: string): Promise<string | undefined> {
  const names = await ifFound<string[]>((done) => readdir(path, done));
  return names?.find((name) => name.startsWith(POINTER))?.slice(POINTER.length);
}

/** Undefined when there is no record. */
export async function readRecord(path: string): Promise<DiskRecord | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const version = await currentVersion(path);
    if (version === undefined) return undefined;
    const written = await ignoring(["ENOENT"], readText(textOf(path, version)));
    if (written !== undefined) return { version, ...written };
    // A text is unlinked once its pointer has moved. Where the pointer is still the same, a power cut took the text.
    const pointer = await ignoring(["ENOENT"], stat(pointerOf(path, version)));
    if (pointer !== undefined) return { version, text: "", mtimeMs: pointer.mtimeMs };
  }
  throw new Error(`replaced by others ${ATTEMPTS} times while it was read`);
}

/**
 * The version, or undefined when there is a record already.
 *
 * @param temporary a path on the same file system that nobody else uses
 */
export async function createRecord(
  path: string,
  temporary: string,
  text: string,
): Promise<string | undefined> {
  if ((await currentVersion(path)) !== undefined) return undefined;
  const version = randomUUID();
  try {
    await mkdir(temporary);
    await writeNew(textOf(temporary, version), text);
    await writeNew(pointerOf(temporary, version), "");
    await syncDirectory(temporary);
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (await renamedInto(path, temporary)) {
        await syncDirectory(dirname(path));
        return version;
      }
      if (!(await clearDead(path))) return undefined;
    }
    throw new Error(`taken and left by others ${ATTEMPTS} times while it was created`);
  } finally {
    // What can't be removed now is stale later.
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
  }
}

/** The new version, or undefined when the record no longer has the old one. */
export async function replaceRecord(
  path: string,
  version: string,
  text: string,
): Promise<string | undefined> {
  const next = randomUUID();
  try {
    await writeNew(textOf(path, next), text);
    await rename(pointerOf(path, version), pointerOf(path, next));
  } catch (error) {
    await unlink(textOf(path, next)).catch(() => {});
    if (!hasCode(error, "ENOENT")) throw error;
    // Whoever removed the record may have found this text in the way.
    await clearDead(path);
    return undefined;
  }
  // From here on others may replace and remove it in their turn. The old text goes last: no power cut leaves neither.
  await ignoring(["ENOENT"], syncDirectory(path));
  await ignoring(["ENOENT"], unlink(textOf(path, version)));
  return next;
}

/** False when the record no longer has this version. */
export async function removeRecord(path: string, version: string): Promise<boolean> {
  const removed = await ignoring(
    ["ENOENT"],
    unlink(pointerOf(path, version)).then(() => true),
  );
  if (removed === undefined) return false;
  await clearDead(path);
  await syncDirectory(dirname(path));
  return true;
}

/** Clears the place of a record, unless there is one: false then. */
export async function clearDead(path: string): Promise<boolean> {
  const names = (await ifFound<string[]>((done) => readdir(path, done))) ?? [];
  if (names.some((name) => name.startsWith(POINTER))) return false;
  for (const name of names) await ignoring(["ENOENT"], unlink(join(path, name)));
  // Not empty: a late replacer wrote into it, who clears it in turn, or another record is in its place already.
  await ignoring(["ENOENT", "ENOTEMPTY", "EEXIST"], rmdir(path));
  return true;
}

async function renamedInto(path: string, temporary: string): Promise<boolean> {
  const renamed = rename(temporary, path).then(() => true);
  return (await ignoring(["ENOTEMPTY", "EEXIST"], renamed)) ?? false;
}

async function readText(path: string): Promise<{ text: string; mtimeMs: number }> {
  const handle = await open(path, "r");
  try {
    const { mtimeMs } = await handle.stat();
    return { text: await handle.readFile("utf8"), mtimeMs };
  } finally {
    await handle.close();
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  await writeFile(path, text, { flag: "wx", flush: true });
}

async function ignoring<T>(codes: readonly string[], operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (hasCode(error, ...codes)) return undefined;
    throw error;
  }
}
