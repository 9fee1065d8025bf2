import { NumberSet } from "../edges/number-set.js";
import { REJECT, type EdgeBatch } from "../edges/table.js";
import type { ByteTable } from "../flow-log/byte-table.js";
import { withRoom } from "../flow-log/room.js";
import { nextTurn, turnIsOver } from "../turn.js";
import type { DotKernel } from "./dot-kernel.js";
import { ROWS } from "./edge-columns.js";
import { gzipOf } from "./gzip.js";
import type { GraphStats } from "./stats.js";

/**
 * A stage of a pipeline: batches of edges to their DOT as one gzip member, the same text that `digestToGzip` gives for the same
 * edges as lines. The same rows always give the same bytes, however they are cut. Memory grows with the number of distinct
 * addresses only: a bit and four bytes each.
 *
 * Fills in `edges`, `nodes`, `rejected`, `bytes` and `gzipBytes` of `stats`.
 *
 * @param atEnd is called with the last bytes before they are given: see `making.ts`
 */
export function edgesToGzip(
  stats: Pick<GraphStats, "edges" | "nodes" | "rejected" | "bytes" | "gzipBytes">,
  atEnd?: (trailer: Buffer) => void,
) {
  async function* write(kernel: DotKernel, batches: AsyncIterable<EdgeBatch>): AsyncGenerator<Buffer> {
    const nodes = new Nodes();
    for await (const batch of batches) {
      nodes.addresses = batch.names.addresses;
      for (let from = 0; from < batch.rows; from += ROWS) {
        const to = Math.min(from + ROWS, batch.rows);
        kernel.edges(batch, from, to);
        for (let i = from; i < to; i++) {
          if (batch.action[i] === REJECT) stats.rejected++;
          nodes.add(batch.source[i] ?? 0);
          nodes.add(batch.destination[i] ?? 0);
        }
        stats.edges += to - from;
        yield* kernel.take();
        if (turnIsOver()) await nextTurn();
      }
    }
    stats.nodes = nodes.size;
    for (let from = 0; from < nodes.size; from += ROWS) {
      nodes.write(kernel, from, Math.min(from + ROWS, nodes.size));
      yield* kernel.take();
      if (turnIsOver()) await nextTurn();
    }
    kernel.close();
    yield* kernel.take();
  }
  return function edgesToGzip(batches: AsyncIterable<EdgeBatch>): AsyncGenerator<Buffer> {
    return gzipOf(stats, (kernel) => write(kernel, batches), atEnd);
  };
}

/** Addresses in order of first appearance. */
class Nodes {
  addresses: ByteTable | undefined;
  size = 0;
  readonly #seen = new NumberSet();
  #numbers = new Int32Array(0);

  add(number: number): void {
    if (!this.#seen.add(number)) return;
    this.#numbers = withRoom(this.#numbers, this.size + 1);
    this.#numbers[this.size++] = number;
  }

  write(kernel: DotKernel, from: number, to: number): void {
    if (this.addresses !== undefined) kernel.nodes(this.addresses, this.#numbers.subarray(from, to));
  }
}
