import { randomUUID } from "node:crypto";
import { addAbortSignal, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SupersededError } from "../errors.js";
import type { GraphId, GraphRef } from "../window.js";
import { makingOf, TRAILER_BYTES } from "../graph/making.js";
import {
  countUnlisted,
  type Entry,
  type EntryPage,
  type EntryQuery,
  keyOf,
  pageOf,
  rangeOf,
  refOf,
} from "../entry.js";
import type {
  EdgeStorage,
  EntryStorage,
  GraphInfo,
  Storage,
  StoredGraph,
  StoreEdgesOptions,
  StoreOptions,
} from "./storage.js";

const PIECE_BYTES = 64 * 1024;

/** Graphs in this process's memory, unbounded and gone with it: for tests, and for library users who embed the service. */
export class MemoryStorage implements Storage {
  readonly #graphs = new Map<GraphId, { readonly info: GraphInfo; readonly bytes: Buffer }>();
  readonly #edges = new Map<GraphId, Buffer>();

  readonly edges: EdgeStorage = {
    store: async (id, body, options) => {
      this.#edges.set(id, await collected(body, options));
    },
    open: async (id, signal) => {
      signal.throwIfAborted();
      const graph = this.#graphs.get(id)?.bytes;
      const bytes = this.#edges.get(id);
      if (graph === undefined || bytes === undefined) return undefined;
      return {
        making: makingOf(graph.subarray(-TRAILER_BYTES)),
        size: bytes.length,
        read: async (start, end, signal) => {
          signal.throwIfAborted();
          return bytes.subarray(start, end);
        },
        close: async () => undefined,
      };
    },
  };

  readonly entries = new MemoryEntries(() => [...this.#graphs.keys()]);

  async remove(id: GraphId, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#graphs.delete(id);
    this.#edges.delete(id);
  }

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
    const bytes = await collected(body, { signal, beforeCommit });
    if (replaces !== undefined && (this.#graphs.get(id)?.info.version ?? null) !== replaces) {
      throw new SupersededError(`the graph ${id} was stored by somebody else`);
    }
    const info = {
      encoding: "gzip",
      size: bytes.length,
      modified: new Date(),
      version: randomUUID(),
    } as const;
    this.#graphs.set(id, { info, bytes });
  }
}

class MemoryEntries implements EntryStorage {
  readonly #entries = new Map<string, Entry>();
  readonly #graphs: () => readonly GraphId[];

  constructor(graphs: () => readonly GraphId[]) {
    this.#graphs = graphs;
  }

  async put(entry: Entry, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#entries.set(keyOf(entry), { ...entry });
  }

  async get(ref: GraphRef, signal: AbortSignal): Promise<Entry | undefined> {
    signal.throwIfAborted();
    const entry = this.#entries.get(keyOf(ref));
    return entry && { ...entry };
  }

  async list(query: EntryQuery, signal: AbortSignal): Promise<EntryPage> {
    signal.throwIfAborted();
    const { above, below } = rangeOf(query);
    const keys = [...this.#entries.keys()].filter((key) => key > above && key < below).toSorted();
    return pageOf(keys.slice(0, query.limit + 1), query.limit);
  }

  async remove(ref: GraphRef, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#entries.delete(keyOf(ref));
  }

  async unlisted(signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    const listed = new Set([...this.#entries.keys()].map((key) => refOf(key)?.id));
    return countUnlisted(
      this.#graphs().map((id) => `${id}.dot`),
      listed,
    );
  }
}

/** All of the body, when it may appear. */
async function collected(body: Readable, { signal, beforeCommit }: StoreEdgesOptions): Promise<Buffer> {
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
  return Buffer.concat(chunks);
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}
