import { z } from "zod";
import { TimeWindow, WindowError } from "../window.js";

export function instant(name: "start" | "stop") {
  return z
    .string({
      error: ({ input }) =>
        input === undefined
          ? `${name} is missing: expected an RFC 3339 time such as 2019-06-01T00:00:00Z`
          : `${name} must be given once`,
    })
    .meta({
      description: `RFC 3339; truncated down to the minute in UTC. The window contains its start, not its stop.`,
      example: name === "start" ? "2019-06-01T00:00:00Z" : "2019-06-01T01:00:00Z",
      format: "date-time",
    });
}

/** The query's window, which is a valid one. */
export function withWindow<Query extends { start: string; stop: string }>(maxMs: number) {
  return (query: Query, context: z.RefinementCtx) => {
    try {
      return { ...query, window: TimeWindow.parse(query.start, query.stop, maxMs) };
    } catch (error) {
      if (!(error instanceof WindowError)) throw error;
      context.addIssue(error.message);
      return z.NEVER;
    }
  };
}
