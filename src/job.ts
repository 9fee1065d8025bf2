import { messageOf } from "./errors.js";
import { z } from "zod";
import { GraphId } from "./graph-id.js";
import { Scope } from "./scope.js";
import { TimeWindow } from "./window.js";

/**
 * What travels between queuer, bus and worker: `{ "id", "start", "stop", "scope"?, "refresh"?, "claim"? }`. The id must
 * be that of its window and scope, so nobody can have something written under a key of their choosing. Other keys are ignored:
 * a bus may add its own.
 */
export const Job = z
  .object({
    id: GraphId,
    start: z.string(),
    stop: z.string(),
    /** The part of the flow logs that the graph is of; without it, all. */
    scope: Scope.optional(),
    /** Make the graph again even where it exists. */
    refresh: z.boolean().default(false),
    /** The token of the claim that this job was queued under. Producers older than claims send none. */
    claim: z.string().min(1).max(128).optional(),
  })
  .transform((job, context) => {
    try {
      const window = TimeWindow.parse(job.start, job.stop).within(job.scope);
      if (window.id === job.id) return { window, refresh: job.refresh, claim: job.claim };
      const of = job.scope === undefined ? "the window" : "the window and the scope";
      context.addIssue(`id must be the id of ${of}, ${window.id}`);
    } catch (error) {
      context.addIssue(messageOf(error));
    }
    return z.NEVER;
  });
export interface Job extends z.infer<typeof Job> {
  /** The request that delivered it, for the log. Never sent along: the claim keeps the one that asked. */
  readonly requestId?: string;
}

/** A job as it is sent. */
export type JobMessage = z.input<typeof Job>;

export function toMessage({ window, refresh, claim }: Job): z.input<typeof Job> {
  return {
    id: window.id,
    start: window.start,
    stop: window.stop,
    ...(window.scope !== undefined && { scope: window.scope }),
    ...(refresh && { refresh }),
    ...(claim !== undefined && { claim }),
  };
}
