import type { BigIntStats } from "node:fs";
import type { GraphId } from "../window.js";
import type { GraphInfo, StoredGraph } from "./storage.js";

/** Graphs up to this many stored bytes are kept whole: what is asked for again and again is small, as a rule. */
export const CACHED_GRAPH_BYTES = 64 * 1024;
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_GRAPHS = 1000;

/**
 * File systems count time in ticks, and a file may get the inode of one that was replaced a moment ago. So a file that was
 * written just now isn't remembered: another may follow that looks the same.
 */
const QUIET_MS = 2000;

/** What tells a file from one that took its place. */
export type FileState = Pick<BigIntStats, "dev" | "ino" | "size" | "mtimeNs" | "ctimeNs" | "ctimeMs">;

export interface CachedGraph {
  readonly info: GraphInfo;
  /** The same, with its bytes. */
  readonly graph: StoredGraph & { readonly body: Buffer };
}

/** Small graphs in memory, each for as long as its file is the same. Those asked for last are kept. */
export class GraphCache {
  readonly #graphs = new Map<GraphId, CachedGraph & { readonly stats: FileState }>();
  #bytes = 0;

  /** The graph, if this is its file still. */
  get(id: GraphId, stats: FileState): CachedGraph | undefined {
    const found = this.#graphs.get(id);
    if (found === undefined) return undefined;
    this.#remove(id);
    if (!isSame(found.stats, stats)) return undefined;
    this.#put(id, found);
    return found;
  }

  /** Remembers a graph of at most `CACHED_GRAPH_BYTES`, read from the file that these are the stats of. */
  set(id: GraphId, stats: FileState, cached: CachedGraph): void {
    if (Math.abs(Date.now() - Number(stats.ctimeMs)) < QUIET_MS) return;
    this.#remove(id);
    this.#put(id, { ...cached, stats });
    for (const oldest of this.#graphs.keys()) {
      if (this.#bytes <= MAX_BYTES && this.#graphs.size <= MAX_GRAPHS) break;
      this.#remove(oldest);
    }
  }

  #put(id: GraphId, cached: CachedGraph & { readonly stats: FileState }): void {
    this.#graphs.set(id, cached);
    this.#bytes += cached.graph.body.length;
  }

  #remove(id: GraphId): void {
    this.#bytes -= this.#graphs.get(id)?.graph.body.length ?? 0;
    this.#graphs.delete(id);
  }
}

function isSame(a: FileState, b: FileState): boolean {
  return (
    a.ino === b.ino &&
    a.size === b.size &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs &&
    a.dev === b.dev
  );
}
