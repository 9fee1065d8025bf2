import { ParquetEdges } from "../edges/from-parquet.js";
import { NumberSet } from "../edges/number-set.js";
import { REJECT } from "../edges/table.js";
import type { Entry } from "../entry.js";
import type { StoredEdges } from "../storage/storage.js";

/** What the list says of a graph by its table of edges. */
export type CountedEdges = Pick<Entry, "nodes" | "edges" | "rejected" | "incomplete" | "table">;

/**
 * Counts the edges of a graph whose job could not tell, for it was killed.
 *
 * @returns undefined when they are of another making than the graph beside them
 * @throws CorruptInputError, DependencyError, the signal's reason
 */
export async function countEdges(file: StoredEdges, signal: AbortSignal): Promise<CountedEdges | undefined> {
  const parquet = await ParquetEdges.open(file, signal);
  const { making, counts } = parquet.metadata;
  if (making !== file.making) return undefined;
  const seen = new NumberSet();
  let [nodes, rejected] = [0, 0];
  for await (const { rows, action, source, destination } of parquet.batches(new Set())) {
    for (let row = 0; row < rows; row++) {
      if (action[row] === REJECT) rejected++;
      if (seen.add(source[row] ?? 0)) nodes++;
      if (seen.add(destination[row] ?? 0)) nodes++;
    }
  }
  return { nodes, edges: parquet.rows, rejected, incomplete: (counts["skipdata"] ?? 0) > 0, table: true };
}
