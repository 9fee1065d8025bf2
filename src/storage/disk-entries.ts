import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { syncDirectory, writeWhole } from "../disk/atomic-file.js";
import { fileErrors, ifThere } from "../disk/data-dir.js";
import {
  type Entry,
  type EntryPage,
  type EntryQuery,
  countUnlisted,
  keyOf,
  pageOf,
  parseEntry,
  rangeOf,
  refOf,
} from "../entry.js";
import type { GraphRef } from "../window.js";
import type { EntryStorage } from "./storage.js";

const SUFFIX = ".json";

/** Entries as files `entries/<key>.json` among the graphs. */
export class DiskEntries implements EntryStorage {
  readonly #graphsDir: string;
  readonly #dir: string;
  readonly #temporaryDir: string;

  constructor(graphsDir: string, temporaryDir: string) {
    this.#graphsDir = graphsDir;
    this.#dir = join(graphsDir, "entries");
    this.#temporaryDir = temporaryDir;
  }

  async start(): Promise<void> {
    await fileErrors("storage", `preparing ${this.#dir}`)(mkdir(this.#dir, { recursive: true }));
  }

  async put(entry: Entry, signal: AbortSignal): Promise<void> {
    const path = this.#path(entry);
    const temporary = join(this.#temporaryDir, `${entry.id}.${randomUUID()}`);
    const io = fileErrors("storage", `storing ${path}`);
    const body = Readable.from([Buffer.from(JSON.stringify(entry))]);
    await writeWhole({ path, temporary }, body, signal, () => io(rename(temporary, path)), io);
  }

  async get(ref: GraphRef, signal: AbortSignal): Promise<Entry | undefined> {
    signal.throwIfAborted();
    const path = this.#path(ref);
    const text = await fileErrors("storage", `reading ${path}`)(ifThere(readFile(path, "utf8")));
    return text === undefined ? undefined : parseEntry(text);
  }

  async list(query: EntryQuery, signal: AbortSignal): Promise<EntryPage> {
    const { above, below } = rangeOf(query);
    const keys = (await this.#keys(signal)).filter((key) => key > above && key < below).toSorted();
    return pageOf(keys.slice(0, query.limit + 1), query.limit);
  }

  async remove(ref: GraphRef, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const path = this.#path(ref);
    const io = fileErrors("storage", `removing ${path}`);
    await io(ifThere(unlink(path)));
    await io(syncDirectory(this.#dir));
  }

  async unlisted(signal: AbortSignal): Promise<number> {
    const listed = new Set((await this.#keys(signal)).map((key) => refOf(key)?.id));
    const names = await fileErrors("storage", `listing ${this.#graphsDir}`)(readdir(this.#graphsDir));
    return countUnlisted(names, listed);
  }

  async #keys(signal: AbortSignal): Promise<string[]> {
    signal.throwIfAborted();
    const names = await fileErrors("storage", `listing ${this.#dir}`)(readdir(this.#dir));
    signal.throwIfAborted();
    return names
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => name.slice(0, -SUFFIX.length))
      .filter((key) => refOf(key) !== undefined);
  }

  #path(ref: GraphRef): string {
    return join(this.#dir, keyOf(ref) + SUFFIX);
  }
}
