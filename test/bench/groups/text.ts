import { type Comparison, ratio } from "../compare.js";
import type { BenchData } from "../data.js";
import { AWK_SUMS, DUCKDB_2, duckDBSums, duckDBText, mawk } from "../peers.js";
import { SUMS, sums } from "../sums.js";

export async function* text(data: BenchData): AsyncGenerator<Comparison> {
  const { directory, path } = await data.text();
  yield {
    title: "text to sums",
    contenders: [
      sums(SUMS, `file:${directory}`),
      ...(await mawk("mawk", `${AWK_SUMS} ${path}`)),
      ...duckDBSums(duckDBText(path)),
    ],
    goals: [
      {
        what: "text to sums, times the speed of DuckDB's 2 threads",
        of: ratio("wall s", DUCKDB_2, SUMS),
        atLeast: 1,
      },
    ],
  };
}
