import { int64At } from "../edges/int64.js";
import type { SumColumns } from "./sums.js";

export const MEASURES = ["bytes", "packets", "flows"] as const;
export type Measure = (typeof MEASURES)[number];

/** What a row carries in all, both ways and whatever became of it: to the nearest double. 0 where nobody can tell. */
export function measureOf(traffic: readonly SumColumns[], measure: Measure): (row: number) => number {
  const columns = traffic.flatMap((sums) => sums[measure] ?? []);
  return (row) => {
    let sum = 0;
    for (const column of columns) sum += int64At(column, row);
    return sum;
  };
}
