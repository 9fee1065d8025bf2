import { once } from "node:events";
import { addAbortSignal, PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { EdgesMetadata } from "../edges/metadata.js";
import type { EdgeBatch } from "../edges/table.js";
import { ParquetWriter } from "../edges/to-parquet.js";
import type { Conversion } from "./convert.js";
import { edgesToGzip } from "./edges-to-gzip.js";
import { makingOf } from "./making.js";
import { newStats } from "./stats.js";

/**
 * A table to its graph, and to Parquet where that is wanted.
 *
 * @param wanted.onRead is called when the first edges come: all flow logs have been read then
 */
export function convertTable(
  window: EdgesMetadata["window"],
  { edges, counts }: { readonly edges: AsyncIterable<EdgeBatch>; readonly counts: EdgesMetadata["counts"] },
  wanted: { readonly parquet: boolean; readonly onRead: () => void; readonly signal: AbortSignal },
): Conversion | ConversionWithParquet {
  const batches = whenFirst(edges, wanted.onRead);
  if (!wanted.parquet) return convertEdges(batches, wanted.signal);
  return convertEdgesWithParquet(batches, wanted.signal, (making) => ({ window, making, counts }));
}

async function* whenFirst(batches: AsyncIterable<EdgeBatch>, onFirst: () => void): AsyncGenerator<EdgeBatch> {
  let isFirst = true;
  for await (const batch of batches) {
    if (isFirst) onFirst();
    isFirst = false;
    yield batch;
  }
}

/** Edges to their graph. As with `convert`, an error or an abort anywhere is the body's error. */
function convertEdges(batches: AsyncIterable<EdgeBatch>, signal: AbortSignal): Conversion {
  const stats = newStats();
  const body = new PassThrough();
  // A failure is the body's error: pipeline destroys it with the first cause.
  pipeline(batches, edgesToGzip(stats), body, { signal }).catch(() => {});
  return { body, stats };
}

export interface ConversionWithParquet extends Conversion {
  /** The same edges as Parquet. Both bodies must be read at the same time; whoever stops reading one aborts. */
  readonly parquet: Readable;
}

/**
 * Edges to their graph and to Parquet at once, neither ahead of the other by more than a row group. An error of the edges
 * or an abort is the error of both bodies.
 *
 * @param metadata what the Parquet says of itself. It is called when the DOT is complete, with its making
 */
export function convertEdgesWithParquet(
  batches: AsyncIterable<EdgeBatch>,
  signal: AbortSignal,
  metadata: (making: string) => EdgesMetadata,
): ConversionWithParquet {
  const stats = newStats();
  const body = new PassThrough();
  const parquet = addAbortSignal(signal, new PassThrough());
  const writer = new ParquetWriter();
  let making = "";

  const put = async (blocks: AsyncIterable<Buffer> | Iterable<Buffer>) => {
    for await (const block of blocks) if (!parquet.write(block)) await once(parquet, "drain", { signal });
  };
  async function* written(): AsyncGenerator<EdgeBatch> {
    for await (const batch of batches) {
      await put(writer.write(batch));
      yield batch;
    }
  }
  const toGzip = edgesToGzip(stats, (trailer) => (making = makingOf(trailer)));
  const write = async () => {
    try {
      await pipeline(written(), toGzip, body, { signal });
      await put(writer.close(metadata(making)));
      parquet.end();
    } catch (error) {
      parquet.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  };
  // Never rejects: a failure is the bodies' error.
  void write();
  return { body, stats, parquet };
}
