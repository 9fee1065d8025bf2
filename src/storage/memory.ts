import { randomUUID } from "node:crypto";
import { addAbortSignal, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SupersededError } from "../errors.js";
import type { GraphId } from "../window.js";
import type { GraphInfo, Storage, StoredGraph, StoreOptions } from "./storage.js";

const PIECE_BYTES = 64 * 1024;

/** Graphs in this process's memory, unbounded and gone with it: for tests, and for library users who embed the service. */
export class MemoryStorage implements Storage {
  readonly #graphs = new Map<GraphId, { readonly info: GraphInfo; readonly bytes: Buffer }>();

  async head(id: GraphId, signal: AbortSignal): Promise<GraphInfo | undefined> {
    signal.throwIfAborted();
    return this.#graphs.get(id)?.info;
  }

  async get(id: GraphId, signal: AbortSignal): Promise<StoredGraph | undefined> {
    signal.throwIfAborted();
    const graph = this.#graphs.get(id);
    if (graph === undefined) return undefined;
    return { ...graph.info, body: addAbortSignal(signal, Readable.from(pieces(graph.bytes))) };
  }

  async store(id: GraphId, body: Readable, { signal, beforeCommit, replaces }: StoreOptions): Promise<void> {
    const chunks: Uint8Array[] = [];
    try {
      await pipeline(
        body,
        async (source: AsyncIterable<Uint8Array>) => {
          for await (const chunk of source) chunks.push(chunk);
        },
        { signal },
      );
      await beforeCommit();
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
    signal.throwIfAborted();
    if (replaces !== undefined && (this.#graphs.get(id)?.info.version ?? null) !== replaces) {
      throw new SupersededError(`the graph ${id} was stored by somebody else`);
    }
    const bytes = Buffer.concat(chunks);
    const info = {
      encoding: "gzip",
      size: bytes.length,
      modified: new Date(),
      version: randomUUID(),
    } as const;
    this.#graphs.set(id, { info, bytes });
  }
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
