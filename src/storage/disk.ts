import { randomUUID } from "node:crypto";
import { type BigIntStats, stat } from "node:fs";
import { access, constants, type FileHandle, link, mkdir, open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";
import { removeStale, syncDirectory, writeWhole } from "../disk/atomic-file.js";
import { bytesAt, checkRoom, fileErrors, hasCode, ifFound, ifThere, Presence } from "../disk/data-dir.js";
import { diskSettings } from "../disk/settings.js";
import { SupersededError } from "../errors.js";
import { implementation } from "../registry.js";
import type { GraphId } from "../window.js";
import { DiskEdges } from "./disk-edges.js";
import { DiskEntries } from "./disk-entries.js";
import { CACHED_GRAPH_BYTES, type CachedGraph, GraphCache } from "./graph-cache.js";
import { makingOf, TRAILER_BYTES } from "../graph/making.js";
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
  readonly entries: DiskEntries;
  readonly #dir: string;
  readonly #presence: Presence;
  readonly #temporaryDir: string;
  readonly #staleMs: number;
  readonly #cache = new GraphCache();

  constructor({ dir, staleMs }: DiskStorageOptions) {
    this.#dir = join(dir, "graphs");
    this.#presence = new Presence(this.#dir);
    this.#temporaryDir = join(this.#dir, ".tmp");
    this.#staleMs = staleMs;
    this.edges = new DiskEdges(this.#dir, this.#temporaryDir);
    this.entries = new DiskEntries(this.#dir, this.#temporaryDir);
  }

  async start(): Promise<void> {
    const io = fileErrors("storage", `preparing ${this.#dir}`);
    await io(mkdir(this.#temporaryDir, { recursive: true }));
    await io(removeStale(this.#temporaryDir, this.#staleMs));
    await this.entries.start();
  }

  async ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const io = fileErrors("storage", `checking that ${this.#dir} can be written to`);
    await io(access(this.#dir, constants.W_OK | constants.X_OK));
    await io(checkRoom(this.#temporaryDir));
  }

  async head(id: GraphId, signal: AbortSignal): Promise<GraphInfo | undefined> {
    const found = await this.#find(id, signal);
    if (found === undefined || !("handle" in found)) return found?.info;
    await found.handle.close();
    return found.info;
  }

  async get(id: GraphId, signal: AbortSignal): Promise<StoredGraph | undefined> {
    const found = await this.#find(id, signal);
    if (found === undefined || !("handle" in found)) return found?.graph;
    return { ...found.info, body: addAbortSignal(signal, found.handle.createReadStream()) };
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

  async remove(id: GraphId, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const path = this.#path(id);
    const io = fileErrors("storage", `removing ${path}`);
    await io(ifThere(unlink(path)));
    await io(syncDirectory(this.#dir));
    await this.edges.remove(id);
  }

  /** @throws SupersededError unless this version is there; null: none */
  async #expect(id: GraphId, version: string | null, signal: AbortSignal): Promise<void> {
    const there = (await this.head(id, signal))?.version ?? null;
    if (there !== version) throw new SupersededError(`${this.#path(id)} was stored by somebody else`);
  }

  #path(id: GraphId): string {
    return join(this.#dir, `${id}.dot`);
  }

  async #find(id: GraphId, signal: AbortSignal): Promise<CachedGraph | OpenGraph | undefined> {
    signal.throwIfAborted();
    const path = this.#path(id);
    const io = fileErrors("storage", `reading ${path}`);
    const stats = await io(this.#statsOf(id));
    if (stats === undefined) return undefined;
    const cached = this.#cache.get(id, stats);
    if (cached !== undefined) return cached;
    const handle = await io(ifThere(open(path, "r")));
    // Removed this moment.
    if (handle === undefined) return undefined;
    try {
      const found = await io(this.#read(id, handle));
      signal.throwIfAborted();
      if (!("handle" in found)) await handle.close();
      return found;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #statsOf(id: GraphId): Promise<BigIntStats | undefined> {
    const stats = await ifFound<BigIntStats>((done) => stat(this.#path(id), { bigint: true }, done));
    if (stats === undefined) await this.#presence.check();
    return stats;
  }

  /** What is known is asked of the open file, so that it belongs to its bytes when the graph is replaced meanwhile. */
  async #read(id: GraphId, handle: FileHandle): Promise<CachedGraph | OpenGraph> {
    const stats = await handle.stat({ bigint: true });
    if (stats.size > CACHED_GRAPH_BYTES) {
      const head = await bytesAt(handle, 0, 2);
      const trailer = await bytesAt(handle, Number(stats.size) - TRAILER_BYTES, TRAILER_BYTES);
      return { info: infoOf(stats, head, trailer), handle };
    }
    const body = await bytesAt(handle, 0, Number(stats.size));
    const info = infoOf(stats, body, body.subarray(-TRAILER_BYTES));
    const cached = { info, graph: { ...info, body } };
    this.#cache.set(id, stats, cached);
    return cached;
  }
}

interface OpenGraph {
  readonly info: GraphInfo;
  readonly handle: FileHandle;
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

/** File systems use inodes again and count time in ticks: the checksum that ends a gzip tells two quick graphs apart. */
function infoOf(stats: BigIntStats, head: Buffer, trailer: Buffer): GraphInfo {
  const { ino, mtime, mtimeNs, size } = stats;
  return {
    encoding: head[0] === 0x1f && head[1] === 0x8b ? "gzip" : "identity",
    size: Number(size),
    modified: mtime,
    version: `${ino.toString(36)}-${mtimeNs.toString(36)}-${size.toString(36)}-${makingOf(trailer)}`,
  };
}

/** For whoever chose nothing else. */
export const diskStorage = implementation({
  settings: diskSettings,
  create: ({ GRAPH_DATA_DIR: dir }, { staleMs }: StorageGiven): Storage => new DiskStorage({ dir, staleMs }),
});
