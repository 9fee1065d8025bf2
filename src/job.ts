import { z } from "zod";
import { GraphId, TimeWindow } from "./window.js";

/**
 * What travels between queuer, bus and worker: `{ "id", "start", "stop", "refresh"?, "claim"? }`. The id must be
 * its window's own, so nobody can have something written under a key of their choosing. Other keys are ignored:
 * a bus may add its own.
 */
export const Job = z
  .object({
    id: GraphId,
    start: z.string(),
    stop: z.string(),
    /** Make the graph again even where it exists. */
    refresh: z.boolean().default(false),
    /** The token of the claim that this job was queued under. Producers older than claims send none. */
    claim: z.string().min(1).max(128).optional(),
  })
  .transform((job, context) => {
    try {
      const window = TimeWindow.parse(job.start, job.stop);
      if (window.id === job.id) return { window, refresh: job.refresh, claim: job.claim };
      context.addIssue(`id must be the id of the window, ${window.id}`);
    } catch (error) {
      context.addIssue(error instanceof Error ? error.message : String(error));
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
    ...(refresh && { refresh }),
    ...(claim !== undefined && { claim }),
  };
}
