import { gunzipSync } from "node:zlib";
import type { EdgeBatch } from "../../src/edges/table.js";
import { edgesToGzip } from "../../src/graph/edges-to-gzip.js";
import { newStats } from "../../src/graph/stats.js";

/** The DOT of edges as it is stored. */
export async function gzipOfEdges(batches: AsyncIterable<EdgeBatch>, stats = newStats()): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for await (const block of edgesToGzip(stats)(batches)) blocks.push(block);
  return Buffer.concat(blocks);
}

export async function dotOfEdges(batches: AsyncIterable<EdgeBatch>, stats = newStats()): Promise<string> {
  return gunzipSync(await gzipOfEdges(batches, stats)).toString("latin1");
}
