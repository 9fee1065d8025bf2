import { z } from "zod";
import { scopeOf } from "../scope.js";
import { ScopeError, type ScopeParameters, type ScopePart } from "../scope-parts.js";
import type { Service } from "../service.js";
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
      description: `RFC 3339, cut down to the minute in UTC. The window contains its start and not its stop.`,
      example: name === "start" ? "2019-06-01T00:00:00Z" : "2019-06-01T01:00:00Z",
      format: "date-time",
    });
}

function part(name: ScopePart, meaning: string, example: string) {
  return z
    .string(`${name} must be given once, with commas between several`)
    .optional()
    .meta({ description: `${meaning}; several separated by commas`, example });
}

/** The parameters that name a part of the flow logs. In any order, and their values too, they name the same part. */
export const scopeParameters = {
  account: part("account", "Only the flow logs of this account", "111122223333,444455556666"),
  region: part("region", "Only the flow logs of this region", "eu-west-1"),
  vpc: part("vpc", "Only records of interfaces in this VPC", "vpc-0a1b2c3d4e5f60718"),
};

/** The query's window and scope, which are valid. */
export function withWindow<Query extends ScopeParameters & { start: string; stop: string }>(
  service: Pick<Service, "settings" | "checkScope">,
) {
  return (query: Query, context: z.RefinementCtx) => {
    try {
      const whole = TimeWindow.parse(query.start, query.stop, service.settings.maxWindowMs);
      const window = whole.within(scopeOf(query));
      service.checkScope(window);
      return { ...query, window };
    } catch (error) {
      if (!(error instanceof WindowError || error instanceof ScopeError)) throw error;
      context.addIssue(error.message);
      return z.NEVER;
    }
  };
}

/** The query's scope, which is a valid one; undefined: none was given. */
export function withScope<Query extends ScopeParameters>(query: Query, context: z.RefinementCtx) {
  try {
    return { ...query, scope: scopeOf(query) };
  } catch (error) {
    if (!(error instanceof ScopeError)) throw error;
    context.addIssue(error.message);
    return z.NEVER;
  }
}
