import { addAbortSignal, Readable } from "node:stream";
import {
  type GraphId,
  type GraphInfo,
  type Storage,
  type StoredGraph,
  type StoreOptions,
  SupersededError,
} from "../../src/index.js";

/** Keeps graphs in memory. */
export class MapStorage implements Storage {
  readonly #graphs = new Map<GraphId, { readonly info: GraphInfo; readonly bytes: Buffer }>();
  #stored = 0;

  async head(id: GraphId, signal: AbortSignal): Promise<GraphInfo | undefined> {
    signal.throwIfAborted();
    return this.#graphs.get(id)?.info;
  }

  async get(id: GraphId, signal: AbortSignal): Promise<StoredGraph | undefined> {
    signal.throwIfAborted();
    const graph = this.#graphs.get(id);
    return graph && { ...graph.info, body: addAbortSignal(signal, Readable.from([graph.bytes])) };
  }

  async store(id: GraphId, body: Readable, { signal, beforeCommit, replaces }: StoreOptions): Promise<void> {
    const chunks: Uint8Array[] = [];
    try {
      for await (const chunk of addAbortSignal(signal, body)) chunks.push(chunk);
    } finally {
      // Its reason says more than the error of a stream that it ended.
      signal.throwIfAborted();
    }
    // Nothing is visible yet. This rejects if another worker has the job by now.
    await beforeCommit();
    signal.throwIfAborted();
    // From here to the end nothing waits, so nobody can come in between.
    if (replaces !== undefined && (this.#graphs.get(id)?.info.version ?? null) !== replaces) {
      throw new SupersededError(`another worker stored the graph ${id}`);
    }
    const bytes = Buffer.concat(chunks);
    const version = `v${++this.#stored}`;
    const info = { encoding: "gzip", size: bytes.length, modified: new Date(), version } as const;
    this.#graphs.set(id, { info, bytes });
  }
}
