import { EventEmitter, once } from "node:events";
import type { Digest } from "../digester/digester.js";
import { type Conversion, convert } from "../graph/convert.js";
import { convertTable, type ConversionWithParquet } from "../graph/convert-edges.js";
import type { GraphStats } from "../graph/stats.js";
import type { EdgeStorage, Storage, StoreOptions } from "../storage/storage.js";
import type { TimeWindow } from "../window.js";

export interface MakeGraphOptions extends StoreOptions {
  /** Largest digest of lines, expanded, in bytes. */
  readonly maxDigestBytes: number;
  /** Whether edges are kept beside the graph, where the storage and the digest have them. */
  readonly keepEdges: boolean;
  /** Is called when all flow logs have been read, as far as can be told: of lines at once. */
  readonly onRead?: (() => void) | undefined;
}

export interface MadeGraph {
  /** What was counted. */
  readonly stats: Readonly<GraphStats>;
  /** Whether its edges are stored beside it. */
  readonly hasEdges: boolean;
}

/**
 * A digest to its stored graph, with its edges beside it where there are any. Resolves when it is stored.
 *
 * @throws CorruptInputError, DependencyError, SupersededError, the signal's reason, whatever `beforeCommit` throws
 */
export async function makeGraph(
  window: TimeWindow,
  digest: Digest,
  storage: Storage,
  options: MakeGraphOptions,
): Promise<MadeGraph> {
  const edgeStorage = options.keepEdges ? storage.edges : undefined;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const conversion = converted(window, digest, edgeStorage !== undefined, { ...options, signal });
  const { body, stats } = conversion;
  const hasEdges = edgeStorage !== undefined && "parquet" in conversion;
  if (hasEdges) {
    const { parquet } = conversion;
    await storeBoth(window, { body, parquet }, { storage, edgeStorage }, { ...options, signal }, stop);
  } else await storage.store(window.id, body, options);
  return { stats, hasEdges };
}

function converted(
  window: TimeWindow,
  digest: Digest,
  parquet: boolean,
  { signal, onRead = () => undefined, maxDigestBytes }: MakeGraphOptions,
): Conversion | ConversionWithParquet {
  if ("convert" in digest) return digest.convert({ parquet, onRead });
  if ("body" in digest) {
    onRead();
    return convert(digest.body, { maxDigestBytes, signal });
  }
  const { edges, counts = {} } = digest;
  return convertTable(window, { edges, counts }, { parquet, onRead, signal });
}

/**
 * The graph alone says that there is one, so it appears last: edges without it are of a making that nobody looks for. They
 * wait until it is complete, so that a digest that fails in the middle leaves an old graph its edges. What fails first
 * stops the other, and is the rejection.
 */
async function storeBoth(
  { id }: TimeWindow,
  { body, parquet }: Pick<ConversionWithParquet, "body" | "parquet">,
  { storage, edgeStorage }: { readonly storage: Storage; readonly edgeStorage: EdgeStorage },
  options: StoreOptions,
  stop: AbortController,
): Promise<void> {
  const { signal } = options;
  const complete = new EventEmitter();
  const graphIsComplete = once(complete, "graph", { signal });
  const edgesStored = edgeStorage.store(id, parquet, {
    signal,
    beforeCommit: async () => {
      await graphIsComplete;
      await options.beforeCommit();
    },
  });
  const graphStored = storage.store(id, body, {
    ...options,
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
}
