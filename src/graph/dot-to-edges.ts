import type { EdgeBatch } from "../edges/table.js";
import { nextTurn, turnIsOver } from "../turn.js";
import { DotReader } from "./dot-reader.js";

/** About a millisecond of work, between which the process may do other things. */
const STRETCH_BYTES = 256 * 1024;

/** What reading a DOT showed, beside its edges. Final when the batches have ended. */
export interface DotFacts {
  /**
   * Whether it is the Go service's. There a node's id is its address without dots and colons: 1.11.1.1 and 11.1.1.1 are
   * one node, under the label of either, and nobody can tell any more which of them an edge meant.
   */
  mayMergeAddresses: boolean;
}

/**
 * A stage of a pipeline: a stored DOT, expanded, cut anywhere, to batches of edges, of this service or of the Go
 * service. A DOT tells no server, flags, flows, times, activity or further fields: those columns are undefined. Who
 * wasn't rejected is `NOT_REJECTED`.
 *
 * Memory grows with the number of distinct names; for a DOT of the Go service, with that of its edges.
 *
 * Errors with `CorruptInputError`, which names the line, when it isn't such a DOT, or not whole.
 */
export function dotToEdges(facts: DotFacts) {
  return async function* dotToEdges(dot: AsyncIterable<Buffer>): AsyncGenerator<EdgeBatch> {
    const reader = new DotReader();
    for await (const chunk of dot) {
      for (let at = 0; at < chunk.length; at += STRETCH_BYTES) {
        reader.write(chunk.subarray(at, at + STRETCH_BYTES));
        yield* reader.take();
        if (turnIsOver()) await nextTurn();
      }
    }
    reader.end();
    facts.mayMergeAddresses = reader.hasIds;
    yield* reader.take();
  };
}
