import type { ByteSource } from "../edges/byte-source.js";
import { ParquetEdges } from "../edges/from-parquet.js";
import type { EdgeBatch, OptionalColumn } from "../edges/table.js";
import { dotToEdges, type DotFacts } from "../graph/dot-to-edges.js";
import { RefusedError } from "./refused-error.js";

/** What a stored graph is read from: its Parquet, or the text of its DOT. To be read once. */
export type GraphBytes =
  | { readonly kind: "parquet"; readonly source: ByteSource }
  | { readonly kind: "dot"; readonly chunks: AsyncIterable<Buffer> };

export interface ReadOptions {
  /** The optional columns that are wanted; all, unless given. */
  readonly columns?: ReadonlySet<OptionalColumn>;
  /** More edges are refused. */
  readonly maxEdges?: number;
  readonly signal: AbortSignal;
}

/** The edges of a graph. */
export interface GraphEdges {
  /** How many there are, where that is known before they are read. */
  readonly rows: number | undefined;
  readonly batches: AsyncIterable<EdgeBatch>;
}

/**
 * The edges of a stored graph.
 *
 * @param facts what reading it shows beside them
 * @throws CorruptInputError when what is stored is damaged, RefusedError when there are too many, or whatever reading the
 *   bytes fails with; so do the batches
 */
export async function readGraph(
  bytes: GraphBytes,
  { columns, maxEdges = Number.POSITIVE_INFINITY, signal }: ReadOptions,
  facts: DotFacts = { mayMergeAddresses: false },
): Promise<GraphEdges> {
  if (bytes.kind === "dot") {
    return { rows: undefined, batches: atMost(maxEdges, dotToEdges(facts)(bytes.chunks)) };
  }
  const parquet = await ParquetEdges.open(bytes.source, signal);
  const { rows } = parquet;
  if (rows > maxEdges) throw tooMany(rows, maxEdges);
  return { rows, batches: parquet.batches(columns) };
}

async function* atMost(maxEdges: number, batches: AsyncIterable<EdgeBatch>): AsyncGenerator<EdgeBatch> {
  let edges = 0;
  for await (const batch of batches) {
    edges += batch.rows;
    if (edges > maxEdges) throw tooMany(undefined, maxEdges);
    yield batch;
  }
}

function tooMany(edges: number | undefined, maxEdges: number): RefusedError {
  const size = edges === undefined ? `more than ${maxEdges} edges` : `${edges} edges`;
  return new RefusedError(
    "too large",
    `this graph has ${size}, and at most ${maxEdges} are answered about (VIEW_MAX_EDGES): ask about a shorter window, or query its Parquet`,
  );
}
