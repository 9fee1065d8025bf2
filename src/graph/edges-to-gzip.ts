import { NumberSet } from "../edges/number-set.js";
import { REJECT, type EdgeBatch } from "../edges/table.js";
import type { ByteTable } from "../flow-log/byte-table.js";
import { withRoom } from "../flow-log/room.js";
import { nextTurn, turnIsOver } from "../turn.js";
import { DotKernel } from "./dot-kernel.js";
import { GZIP_HEADER } from "./gzip.js";
import { TRAILER_BYTES } from "./making.js";
import type { GraphStats } from "./stats.js";

/**
 * A stage of a pipeline: batches of edges to their DOT as one gzip member, the same text that `toDot` gives for the same
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
  return async function* edgesToGzip(batches: AsyncIterable<EdgeBatch>): AsyncGenerator<Buffer> {
    const kernel = DotKernel.take();
    try {
      yield* counted([GZIP_HEADER]);
      const nodes = new Nodes();
      for await (const batch of batches) {
        nodes.addresses = batch.names.addresses;
        for (let from = 0; from < batch.rows; from += kernel.rows) {
          const to = Math.min(from + kernel.rows, batch.rows);
          kernel.edges(batch, from, to);
          for (let i = from; i < to; i++) {
            if (batch.action[i] === REJECT) stats.rejected++;
            nodes.add(batch.source[i] ?? 0);
            nodes.add(batch.destination[i] ?? 0);
          }
          stats.edges += to - from;
          yield* counted(kernel.take());
          if (turnIsOver()) await nextTurn();
        }
      }
      stats.nodes = nodes.size;
      for (let from = 0; from < nodes.size; from += kernel.rows) {
        nodes.write(kernel, from, from + kernel.rows);
        yield* counted(kernel.take());
        if (turnIsOver()) await nextTurn();
      }
      kernel.close();
      yield* counted(kernel.take());
      stats.bytes = kernel.bytes;
      const trailer = Buffer.alloc(TRAILER_BYTES);
      trailer.writeUInt32LE(kernel.crc, 0);
      trailer.writeUInt32LE(kernel.bytes % 2 ** 32, 4);
      atEnd?.(trailer);
      yield* counted([trailer]);
    } finally {
      kernel.give();
    }
  };

  function counted(blocks: Buffer[]): Buffer[] {
    for (const block of blocks) stats.gzipBytes += block.length;
    return blocks;
  }
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
    if (this.addresses === undefined) return;
    kernel.nodes(this.addresses, this.#numbers.subarray(from, Math.min(to, this.size)));
  }
}
