import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { ParquetEdges } from "../edges/from-parquet.js";
import type { EdgesMetadata } from "../edges/metadata.js";
import type { EdgeBatch, OptionalColumn } from "../edges/table.js";
import { CorruptInputError, DependencyError } from "../errors.js";
import { type DotFacts, dotToEdges } from "../graph/dot-to-edges.js";
import type { Storage, StoredEdges } from "../storage/storage.js";
import type { GraphId } from "../window.js";

/** The edges of a stored graph, of one making. */
export interface GraphEdges {
  /** Names the making: other edges have another. */
  readonly version: string;
  /** What they say of themselves; undefined where the graph has nothing but its DOT. */
  readonly metadata: EdgesMetadata | undefined;
  /**
   * To be read once.
   *
   * @param columns the optional ones that are wanted; all, unless given
   * @throws DependencyError
   */
  batches(columns?: ReadonlySet<OptionalColumn>): AsyncIterable<EdgeBatch>;
  close(): Promise<void>;
}

/**
 * Reads a graph back: from its Parquet, where that belongs to the DOT beside it, else from the DOT, of this service or of the
 * Go service, which tells less.
 *
 * @param signal governs the batches as well
 * @returns undefined when there is no such graph
 * @throws DependencyError, also when what is stored is damaged
 */
export async function openEdges(
  storage: Storage,
  id: GraphId,
  signal: AbortSignal,
): Promise<GraphEdges | undefined> {
  const file = await storage.edges?.open(id, signal);
  const edges = file && (await edgesIn(file, id, signal));
  if (edges !== undefined) return edges;
  const graph = await storage.get(id, signal);
  if (graph === undefined) return undefined;
  const body = graph.body instanceof Readable ? graph.body : Readable.from([graph.body]);
  const dot = graph.encoding === "gzip" ? expanded(body) : body;
  const facts: DotFacts = { mayMergeAddresses: false };
  return {
    version: graph.version,
    metadata: undefined,
    batches: () => soundBatches(id, dotToEdges(facts)(dot)),
    close: async () => void dot.destroy(),
  };
}

/** Undefined, and the file closed, when they belong to another making of the graph. */
async function edgesIn(file: StoredEdges, id: GraphId, signal: AbortSignal): Promise<GraphEdges | undefined> {
  let belongs = false;
  try {
    const parquet = await ParquetEdges.open(file, signal);
    belongs = parquet.metadata.making === file.making;
    if (!belongs) return undefined;
    return {
      version: file.making,
      metadata: parquet.metadata,
      batches: (columns) => soundBatches(id, parquet.batches(columns)),
      close: () => file.close(),
    };
  } catch (error) {
    throw damaged(id, error);
  } finally {
    if (!belongs) await file.close();
  }
}

/** A failure in the middle of either stream destroys the other. */
function expanded(body: Readable): Readable {
  return pipeline(body, createGunzip(), () => undefined);
}

async function* soundBatches(id: GraphId, batches: AsyncIterable<EdgeBatch>): AsyncGenerator<EdgeBatch> {
  try {
    yield* batches;
  } catch (error) {
    throw damaged(id, error);
  }
}

/** What is stored is no caller's input: who runs the service can have it made again. */
function damaged(id: GraphId, error: unknown): unknown {
  if (!(error instanceof CorruptInputError)) return error;
  const advice = "POST /graph with refresh=true has it made again";
  return new DependencyError("storage", `the graph ${id} is damaged: ${error.message}. ${advice}`, {
    cause: error,
    obstacle: "settings",
  });
}
