import type { Comparison } from "../compare.js";
import { figure } from "../compare.js";
import type { BenchData } from "../data.js";
import { AWK_DOT, AWK_SUMS, duckDBSums, duckDBText, gunzipLimits, mawk } from "../peers.js";
import { job } from "../service.js";

const SERVICE = "service, DOT and edges";

/** The main job: flow logs to the stored graph. DuckDB only sums them up. */
export async function* gz(data: BenchData): AsyncGenerator<Comparison> {
  const { directory, path } = await data.gz();
  yield {
    title: "gz flow logs to the stored graph",
    contenders: [
      job(SERVICE, data, directory),
      job("service, DOT only", data, directory, { GRAPH_EDGES: "none" }),
      ...(await mawk("zcat | mawk | mawk | gzip -1", `zcat ${path} | ${AWK_SUMS} | ${AWK_DOT} | gzip -1`)),
      ...duckDBSums(duckDBText(path)),
      ...(await gunzipLimits(path)),
    ],
    goals: [
      {
        what: "gz flow logs to the stored graph, s",
        of: figure("wall s", SERVICE),
        atMost: (2.15 * data.records) / 1e6,
      },
      { what: "gz flow logs to the stored graph, peak MB", of: figure("peak MB", SERVICE), atMost: 230 },
    ],
  };
}
