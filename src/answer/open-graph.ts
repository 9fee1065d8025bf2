import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { ByteSource } from "../edges/byte-source.js";
import { ParquetEdges } from "../edges/from-parquet.js";
import type { EdgesMetadata } from "../edges/metadata.js";
import { CorruptInputError, DependencyError } from "../errors.js";
import type { Storage, StoredEdges } from "../storage/storage.js";
import type { GraphId } from "../window.js";
import type { GraphBytes } from "./read-graph.js";

/** Each piece of a DOT is a turn of libuv's pool, and a message to the thread that reads it. */
const PIECE_BYTES = 256 * 1024;

/** A stored graph that is about to be read, of one making. To be closed. */
export interface OpenGraph {
  readonly id: GraphId;
  /** Names the making, and what it is read from: what is read from other bytes has another. */
  readonly version: string;
  /** What the edges say of themselves; undefined where the graph has nothing but its DOT. */
  readonly metadata: EdgesMetadata | undefined;
  readonly bytes: GraphBytes;
  close(): Promise<void>;
}

/**
 * Opens the edges of a graph: its Parquet, where that belongs to the DOT beside it, else the DOT, of this service or of the
 * Go service, which tells less.
 *
 * @param signal governs the bytes as well
 * @returns undefined when there is no such graph
 * @throws DependencyError, also when what is stored is damaged
 */
export async function openGraph(
  storage: Storage,
  id: GraphId,
  signal: AbortSignal,
): Promise<OpenGraph | undefined> {
  const file = await storage.edges?.open(id, signal);
  const edges = file && (await edgesIn(file, id, signal));
  if (edges !== undefined) return edges;
  const graph = await storage.get(id, signal);
  if (graph === undefined) return undefined;
  const body = graph.body instanceof Readable ? graph.body : Readable.from([graph.body]);
  const dot: AsyncIterable<Buffer> & Readable = graph.encoding === "gzip" ? expanded(body) : body;
  return {
    id,
    version: `${graph.version} dot`,
    metadata: undefined,
    bytes: { kind: "dot", chunks: dot },
    close: async () => void dot.destroy(),
  };
}

/** Undefined, and the file closed, when they belong to another making of the graph. */
async function edgesIn(file: StoredEdges, id: GraphId, signal: AbortSignal): Promise<OpenGraph | undefined> {
  let belongs = false;
  try {
    const { metadata } = await ParquetEdges.open(file, signal);
    belongs = metadata.making === file.making;
    if (!belongs) return undefined;
    const source: ByteSource = file;
    return {
      id,
      version: `${file.making} edges`,
      metadata,
      bytes: { kind: "parquet", source },
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
  return pipeline(body, createGunzip({ chunkSize: PIECE_BYTES }), () => undefined);
}

/** What is stored is no caller's input: who runs the service can have it made again. */
export function damaged(id: GraphId, error: unknown): unknown {
  if (!(error instanceof CorruptInputError)) return error;
  const advice = "POST /graph with refresh=true makes it again";
  return new DependencyError("storage", `the graph ${id} is damaged: ${error.message}. ${advice}`, {
    cause: error,
    obstacle: "settings",
  });
}
