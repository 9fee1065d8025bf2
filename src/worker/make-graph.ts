import { EventEmitter, once } from "node:events";
import type { Digest, DigestOfEdges } from "../digester/digester.js";
import { convert } from "../graph/convert.js";
import { convertEdges, convertEdgesWithParquet } from "../graph/convert-edges.js";
import type { GraphStats } from "../graph/stats.js";
import type { EdgeStorage, Storage, StoreOptions } from "../storage/storage.js";
import type { TimeWindow } from "../window.js";

export interface MakeGraphOptions extends StoreOptions {
  /** Largest digest of lines, expanded, in bytes. */
  readonly maxDigestBytes: number;
  /** Whether edges are kept beside the graph, where the storage and the digest have them. */
  readonly keepEdges: boolean;
}

/**
 * A digest to its stored graph, with its edges beside it where there are any.
 *
 * @returns what was counted, when the graph is stored
 * @throws CorruptInputError, DependencyError, SupersededError, the signal's reason, whatever `beforeCommit` throws
 */
export async function makeGraph(
  window: TimeWindow,
  digest: Digest,
  storage: Storage,
  { maxDigestBytes, keepEdges, ...options }: MakeGraphOptions,
): Promise<Readonly<GraphStats>> {
  if ("edges" in digest && keepEdges && storage.edges !== undefined) {
    return storeBoth(window, digest, storage, storage.edges, options);
  }
  const { signal } = options;
  const { body, stats } =
    "edges" in digest ? convertEdges(digest.edges, signal) : convert(digest.body, { maxDigestBytes, signal });
  await storage.store(window.id, body, options);
  return stats;
}

/**
 * The graph alone says that there is one, so it appears last: edges without it are of a making that nobody looks for. They
 * wait until it is complete, so that a digest that fails in the middle leaves an old graph its edges. What fails first
 * stops the other, and is the rejection.
 */
async function storeBoth(
  window: TimeWindow,
  { edges, counts = {} }: DigestOfEdges,
  storage: Storage,
  edgeStorage: EdgeStorage,
  options: StoreOptions,
): Promise<Readonly<GraphStats>> {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const complete = new EventEmitter();
  const graphIsComplete = once(complete, "graph", { signal });
  const { body, stats, parquet } = convertEdgesWithParquet(edges, signal, (making) => ({
    window,
    making,
    counts,
  }));
  const edgesStored = edgeStorage.store(window.id, parquet, {
    signal,
    beforeCommit: async () => {
      await graphIsComplete;
      await options.beforeCommit();
    },
  });
  const graphStored = storage.store(window.id, body, {
    ...options,
    signal,
    beforeCommit: async () => {
      complete.emit("graph");
      await edgesStored;
      await options.beforeCommit();
    },
  });
  for (const stored of [graphIsComplete, edgesStored, graphStored]) {
    stored.catch((error: unknown) => stop.abort(error));
  }
  // Both are waited for: nothing of a job may go on when it has ended.
  await Promise.allSettled([edgesStored, graphStored]);
  await graphStored;
  return stats;
}
