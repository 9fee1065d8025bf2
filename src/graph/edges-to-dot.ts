import { NumberSet } from "../edges/number-set.js";
import { withRoom } from "../flow-log/room.js";
import { REJECT, type EdgeBatch } from "../edges/table.js";
import type { ByteTable } from "../flow-log/byte-table.js";
import { OVERRUN_BYTES, viewOf } from "../flow-log/data-view.js";
import { nextTurn, turnIsOver } from "../turn.js";
import type { BlockPool } from "./block-pool.js";
import { DotWriter } from "./dot-writer.js";
import { EdgeText } from "./edge-text.js";
import { KeptPieces } from "./kept-pieces.js";
import type { GraphStats } from "./stats.js";

/** Less than half a millisecond of work, after which others may have their turn. */
const STRETCH_ROWS = 512;
const MAX_ADDRESS_BYTES = 45;

/**
 * A stage of a pipeline: batches of edges to DOT in blocks of `BLOCK_BYTES`, the same bytes that `toDot` gives for the
 * same edges as lines. Memory grows with the number of distinct addresses only: a bit and four bytes each.
 *
 * Fills in `edges`, `nodes`, `rejected` and `bytes` of `stats`.
 *
 * @param pool that whoever is done with a block may give it back to
 */
export function edgesToDot(
  stats: Pick<GraphStats, "edges" | "nodes" | "rejected" | "bytes">,
  pool?: BlockPool,
) {
  return async function* edgesToDot(batches: AsyncIterable<EdgeBatch>): AsyncGenerator<Buffer> {
    const dot = new DotWriter(pool);
    const kept = new KeptPieces();
    const nodes = new Nodes();
    function take(): Buffer[] {
      const blocks = dot.take();
      for (const block of blocks) stats.bytes += block.length;
      return blocks;
    }

    dot.open();
    for await (const batch of batches) {
      nodes.addresses = batch.names.addresses;
      const edge = new EdgeText(batch, kept);
      for (let from = 0; from < batch.rows; from += STRETCH_ROWS) {
        const to = Math.min(from + STRETCH_ROWS, batch.rows);
        for (let i = from; i < to; i++) {
          edge.row = i;
          dot.put(edge);
          if (batch.action[i] === REJECT) stats.rejected++;
          nodes.add(batch.source[i] ?? 0);
          nodes.add(batch.destination[i] ?? 0);
        }
        stats.edges += to - from;
        yield* take();
        if (turnIsOver()) await nextTurn();
      }
    }
    stats.nodes = nodes.size;
    for (let from = 0; from < nodes.size; from += STRETCH_ROWS) {
      nodes.write(dot, from, Math.min(from + STRETCH_ROWS, nodes.size));
      yield* take();
      if (turnIsOver()) await nextTurn();
    }
    dot.close();
    yield* take();
  };
}

/** Addresses in order of first appearance. */
class Nodes {
  addresses: ByteTable | undefined;
  size = 0;
  readonly #seen = new NumberSet();
  #numbers = new Int32Array(0);
  readonly #text = viewOf(Buffer.alloc(MAX_ADDRESS_BYTES + 2 * OVERRUN_BYTES));

  add(number: number): void {
    if (!this.#seen.add(number)) return;
    this.#numbers = withRoom(this.#numbers, this.size + 1);
    this.#numbers[this.size++] = number;
  }

  write(dot: DotWriter, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const end = this.addresses?.copy(this.#numbers[i] ?? 0, this.#text, 0) ?? 0;
      dot.node(this.#text, 0, end);
    }
  }
}
