import { TimeWindow, type GraphId } from "../../src/window.js";

/** The nth hour of 2019: another number, another window. */
export function nthHour(n: number): TimeWindow {
  const hour = Date.UTC(2019, 0, 1, n);
  return TimeWindow.parse(new Date(hour).toISOString(), new Date(hour + 3_600_000).toISOString());
}

/** The id of the nth hour of 2019. */
export function graphId(n: number): GraphId {
  return nthHour(n).id;
}
