import { int64At } from "../edges/int64.js";
import type { SumColumns } from "./sums.js";

export const MEASURES = ["bytes", "packets", "flows"] as const;
export type Measure = (typeof MEASURES)[number];

/** Most questions about a graph weigh its rows: kept as long as the graph is, 8 bytes a row. */
const known = new WeakMap<readonly SumColumns[], Partial<Record<Measure, Float64Array>>>();

/** What each row carries in all, both ways and whatever became of it: to the nearest double. 0 where nobody can tell. */
export function weightsOf(traffic: readonly SumColumns[], measure: Measure): Float64Array {
  const weights = known.get(traffic) ?? {};
  known.set(traffic, weights);
  return (weights[measure] ??= sumsOf(traffic, measure));
}

/** As `weightsOf`, of one row. */
export function measureOf(traffic: readonly SumColumns[], measure: Measure): (row: number) => number {
  const weights = weightsOf(traffic, measure);
  return (row) => weights[row] ?? 0;
}

function sumsOf(traffic: readonly SumColumns[], measure: Measure): Float64Array {
  const weights = new Float64Array((traffic[0]?.bytes.length ?? 0) / 2);
  for (const { [measure]: column } of traffic) {
    if (column === undefined) continue;
    for (let row = 0; row < weights.length; row++) weights[row] = (weights[row] ?? 0) + int64At(column, row);
  }
  return weights;
}
