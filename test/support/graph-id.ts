import { TimeWindow, type GraphId } from "../../src/window.js";

/** The id of the nth hour of 2019: another number, another id. */
export function graphId(n: number): GraphId {
  const hour = Date.UTC(2019, 0, 1, n);
  return TimeWindow.parse(new Date(hour).toISOString(), new Date(hour + 3_600_000).toISOString()).id;
}
