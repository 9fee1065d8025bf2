import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { Digest } from "../../src/digester/digester.js";
import { ParquetEdges } from "../../src/edges/from-parquet.js";
import { bigInt64At } from "../../src/edges/int64.js";
import { ACTIONS, type EdgeBatch, textOf } from "../../src/edges/table.js";

/** A digest as lines, whichever way it comes. */
export function bodyOf(digest: Digest): Readable {
  if ("body" in digest) return digest.body;
  if ("edges" in digest) return Readable.from(linesOf(digest.edges), { objectMode: false });
  const converted = digest.convert({ parquet: true, onRead: () => undefined });
  if (!("parquet" in converted)) throw new Error("expected Parquet, as was asked for");
  const { body: graph, parquet } = converted;
  const body = Readable.from(linesOf(edgesIn(parquet)), { objectMode: false });
  parquet.on("error", (error) => body.destroy(error));
  body.on("close", () => parquet.destroy());
  // Both are read at once.
  graph.resume();
  return body;
}

async function* edgesIn(parquet: Readable): AsyncGenerator<EdgeBatch> {
  const bytes = await buffer(parquet);
  const source = {
    size: bytes.length,
    read: async (start: number, end: number) => bytes.subarray(start, end),
  };
  yield* (await ParquetEdges.open(source, new AbortController().signal)).batches();
}

/** Edges as lines of the default flow log format. */
async function* linesOf(batches: AsyncIterable<EdgeBatch>): AsyncGenerator<string> {
  for await (const batch of batches) {
    for (let row = 0; row < batch.rows; row++) yield `${lineOf(batch, row)}\n`;
  }
}

/** An edge without its line feed. */
export function lineOf(batch: EdgeBatch, row: number): string {
  const { accounts, interfaces, addresses } = batch.names;
  return [
    2,
    textOf(accounts, batch.account[row] ?? -1),
    textOf(interfaces, batch.interface[row] ?? -1),
    textOf(addresses, batch.source[row] ?? -1),
    textOf(addresses, batch.destination[row] ?? -1),
    batch.sourcePort[row],
    batch.destinationPort[row],
    batch.protocol[row],
    bigInt64At(batch.packets, row),
    bigInt64At(batch.bytes, row),
    bigInt64At(batch.start, row),
    bigInt64At(batch.end, row),
    ACTIONS[batch.action[row] ?? 0] || "-",
    "OK",
  ].join(" ");
}
