import { bundled } from "../../support/bundle.js";
import { script } from "../command.js";
import type { Comparison, Contender } from "../compare.js";
import type { BenchData } from "../data.js";
import { WINDOW } from "../make-records.js";
import { duckDB, gunzipLimits } from "../peers.js";
import { makeGraph, storedAt } from "../service.js";

/** The edges of a stored graph, from its Parquet and from its DOT. */
export async function* readBack(data: BenchData): AsyncGenerator<Comparison> {
  const { directory } = await data.gz();
  const withEdges = await data.directory("with-edges");
  const dotOnly = await data.directory("dot-only");
  await makeGraph(data, directory, withEdges);
  await makeGraph(data, directory, dotOnly, { GRAPH_EDGES: "none" });
  yield {
    title: "edges of a stored graph",
    contenders: [
      read("from Parquet", withEdges),
      ...duckDB(`select max(columns(*)) from '${storedAt(withEdges, "parquet")}'`),
      read("from DOT", dotOnly),
      ...(await gunzipLimits(storedAt(dotOnly, "dot"))),
    ],
  };
}

function read(name: string, dataDir: string): Contender {
  return script(name, bundled("read-edges"), [dataDir, WINDOW.start, WINDOW.stop]);
}
