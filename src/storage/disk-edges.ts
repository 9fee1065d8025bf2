import { randomUUID } from "node:crypto";
import { open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { writeWhole } from "../disk/atomic-file.js";
import { bytesAt, fileErrors, ifThere } from "../disk/data-dir.js";
import type { GraphId } from "../window.js";
import { makingOf, TRAILER_BYTES } from "../graph/making.js";
import type { EdgeStorage, StoredEdges, StoreEdgesOptions } from "./storage.js";

/** Edges as files `<id>.parquet` beside the graphs. An open one keeps its bytes when another takes its name. */
export class DiskEdges implements EdgeStorage {
  readonly #dir: string;
  readonly #temporaryDir: string;

  constructor(dir: string, temporaryDir: string) {
    this.#dir = dir;
    this.#temporaryDir = temporaryDir;
  }

  async store(id: GraphId, body: Readable, { signal, beforeCommit }: StoreEdgesOptions): Promise<void> {
    const path = this.#path(id);
    const temporary = join(this.#temporaryDir, `${id}.${randomUUID()}`);
    const io = fileErrors("storage", `storing ${path}`);
    const commit = async () => {
      await beforeCommit();
      signal.throwIfAborted();
      await io(rename(temporary, path));
    };
    await writeWhole({ path, temporary }, body, signal, commit, io);
  }

  async open(id: GraphId, signal: AbortSignal): Promise<StoredEdges | undefined> {
    const path = this.#path(id);
    const io = fileErrors("storage", `reading ${path}`);
    signal.throwIfAborted();
    const making = await io(makingAt(join(this.#dir, `${id}.dot`)));
    const handle = making === undefined ? undefined : await io(ifThere(open(path, "r")));
    if (making === undefined || handle === undefined) return undefined;
    try {
      const { size } = await io(handle.stat());
      signal.throwIfAborted();
      return {
        making,
        size,
        read: async (start, end, signal) => {
          signal.throwIfAborted();
          return io(bytesAt(handle, start, Math.max(0, Math.min(end, size) - start)));
        },
        close: () => handle.close(),
      };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async remove(id: GraphId): Promise<void> {
    const path = this.#path(id);
    await fileErrors("storage", `removing ${path}`)(ifThere(unlink(path)));
  }

  #path(id: GraphId): string {
    return join(this.#dir, `${id}.parquet`);
  }
}

async function makingAt(path: string): Promise<string | undefined> {
  const handle = await ifThere(open(path, "r"));
  try {
    if (handle === undefined) return undefined;
    const { size } = await handle.stat();
    return makingOf(await bytesAt(handle, Math.max(0, size - TRAILER_BYTES), TRAILER_BYTES));
  } finally {
    await handle?.close();
  }
}
