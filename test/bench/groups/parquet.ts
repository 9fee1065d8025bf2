import { type Comparison, figure, ratio } from "../compare.js";
import type { BenchData } from "../data.js";
import { DUCKDB_1, duckDBSums } from "../peers.js";
import { SUMS, sums } from "../sums.js";

export async function* parquet(data: BenchData): AsyncGenerator<Comparison> {
  const { directory, path } = await data.parquet();
  yield {
    title: "Parquet to sums",
    contenders: [sums(SUMS, `file:${directory}`), ...duckDBSums(`'${path}'`)],
    goals: [
      {
        what: "Parquet to sums, times the CPU of DuckDB's 1 thread",
        of: ratio("CPU s", SUMS, DUCKDB_1),
        atMost: 2,
      },
      { what: "Parquet to sums, peak MB", of: figure("peak MB", SUMS), atMost: 250 },
    ],
  };
}
