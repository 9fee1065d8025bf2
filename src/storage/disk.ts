import { randomUUID } from "node:crypto";
import { access, constants, type FileHandle, link, mkdir, open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";
import { removeStale, writeWhole } from "../disk/atomic-file.js";
import { bytesAt, checkRoom, diskSettings, fileErrors, hasCode } from "../disk/data-dir.js";
import { SupersededError } from "../errors.js";
import { implementation } from "../registry.js";
import type { GraphId } from "../window.js";
import { DiskEdges } from "./disk-edges.js";
import type { GraphInfo, Storage, StorageGiven, StoredGraph, StoreOptions } from "./storage.js";

export interface DiskStorageOptions {
  /** The data directory, made when absent. Graphs are `graphs/<id>.dot` in it. Processes may share it. */
  readonly dir: string;
  /** Milliseconds after which a temporary file that nobody wrote to is taken for a killed process's. */
  readonly staleMs: number;
}

/**
 * Graphs as files. One is written under a temporary name and renamed into its place, so that at any moment there is
 * the old one, the new one or none, also after a kill or a power cut.
 */
export class DiskStorage implements Storage {
  readonly edges: DiskEdges;
  readonly #dir: string;
  readonly #temporaryDir: string;
  readonly #staleMs: number;

  constructor({ dir, staleMs }: DiskStorageOptions) {
    this.#dir = join(dir, "graphs");
    this.#temporaryDir = join(this.#dir, ".tmp");
    this.#staleMs = staleMs;
    this.edges = new DiskEdges(this.#dir, this.#temporaryDir);
  }

  async start(): Promise<void> {
    const io = fileErrors("storage", `preparing ${this.#dir}`);
    await io(mkdir(this.#temporaryDir, { recursive: true }));
    await io(removeStale(this.#temporaryDir, this.#staleMs));
  }

  async ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const io = fileErrors("storage", `checking that ${this.#dir} can be written to`);
    await io(access(this.#dir, constants.W_OK | constants.X_OK));
    await io(checkRoom(this.#temporaryDir));
  }

  async head(id: GraphId, signal: AbortSignal): Promise<GraphInfo | undefined> {
    const opened = await this.#open(id, signal);
    await opened?.handle.close();
    return opened?.info;
  }

  async get(id: GraphId, signal: AbortSignal): Promise<StoredGraph | undefined> {
    const opened = await this.#open(id, signal);
    return opened && { ...opened.info, body: addAbortSignal(signal, opened.handle.createReadStream()) };
  }

  async store(id: GraphId, body: Readable, { signal, beforeCommit, replaces }: StoreOptions): Promise<void> {
    const path = this.#path(id);
    const temporary = join(this.#temporaryDir, `${id}.${randomUUID()}`);
    const io = fileErrors("storage", `storing ${path}`);
    const commit = async () => {
      await beforeCommit();
      signal.throwIfAborted();
      if (replaces === null && (await io(linked(temporary, path)))) return;
      // No file system compares and renames in one step: a process that is paused right here stores over its successor's.
      if (replaces !== undefined) await this.#expect(id, replaces, signal);
      await io(rename(temporary, path));
    };
    await writeWhole({ path, temporary }, body, signal, commit, io);
  }

  /** @throws SupersededError unless this version is there; null: none */
  async #expect(id: GraphId, version: string | null, signal: AbortSignal): Promise<void> {
    const there = (await this.head(id, signal))?.version ?? null;
    if (there !== version) throw new SupersededError(`${this.#path(id)} was stored by somebody else`);
  }

  #path(id: GraphId): string {
    return join(this.#dir, `${id}.dot`);
  }

  /** What is known is asked of the open file, so that it belongs to its bytes when the graph is replaced meanwhile. */
  async #open(
    id: GraphId,
    signal: AbortSignal,
  ): Promise<{ info: GraphInfo; handle: FileHandle } | undefined> {
    signal.throwIfAborted();
    const path = this.#path(id);
    const io = fileErrors("storage", `reading ${path}`);
    let handle;
    try {
      handle = await open(path, "r");
    } catch (error) {
      if (!hasCode(error, "ENOENT")) return io(Promise.reject(error));
      // A graph is absent from a directory that is there; a volume that was unmounted says nothing of graphs.
      await io(access(this.#dir));
      return undefined;
    }
    try {
      const info = await io(inspect(handle));
      signal.throwIfAborted();
      return { info, handle };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }
}

/** Gives the file its name where nothing has it; false where something does, or the file system has no links. */
async function linked(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (hasCode(error, "EEXIST", "EPERM", "ENOTSUP", "ENOSYS", "EMLINK")) return false;
    throw error;
  }
  // The graph is there; a name that can't be removed now is stale later.
  await unlink(temporary).catch(() => undefined);
  return true;
}

async function inspect(handle: FileHandle): Promise<GraphInfo> {
  const stats = await handle.stat({ bigint: true });
  const size = Number(stats.size);
  const head = await bytesAt(handle, 0, 2);
  // File systems use inodes again and count time in ticks: the checksum that ends a gzip tells two quick graphs apart.
  const tail = await bytesAt(handle, Math.max(0, size - 8), 8);
  return {
    encoding: head.toString("hex") === "1f8b" ? "gzip" : "identity",
    size,
    modified: stats.mtime,
    version: `${stats.ino.toString(36)}-${stats.mtimeNs.toString(36)}-${size.toString(36)}-${tail.toString("hex")}`,
  };
}

/** For whoever chose nothing else. */
export const diskStorage = implementation({
  settings: diskSettings,
  create: ({ GRAPH_DATA_DIR: dir }, { staleMs }: StorageGiven): Storage => new DiskStorage({ dir, staleMs }),
});
