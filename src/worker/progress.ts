import type { Claim, JobProgress } from "../marker/marker.js";
import { type Condition, reasonOf } from "./claim-rules.js";

/** How far a graph is. */
export type GraphProgress =
  /** Its job waits, or whoever has the job hasn't told more yet. */
  | { readonly state: "queued" }
  /** Its flow logs are still arriving: until then the job waits. */
  | { readonly state: "settling"; readonly until: Date }
  | ({ readonly state: "reading" | "storing" } & Omit<JobProgress, "step">)
  | { readonly state: "done" }
  /** Why, in a sentence for callers. */
  | { readonly state: "failed"; readonly reason: string }
  | { readonly state: "none" };

/**
 * What the claim says. A claim that has ended, or that nobody renewed, says nothing against a graph that is there.
 *
 * @param live what this process knows of a job of its own, which is newer than the claim
 */
export function progressOf(
  condition: Condition,
  claim: Claim | null | undefined,
  live: JobProgress | undefined,
  isThere: boolean,
): GraphProgress {
  switch (condition) {
    case "queued":
    case "working": {
      const until = claim?.notBefore === undefined ? undefined : new Date(claim.notBefore);
      if (until !== undefined && until.getTime() > Date.now()) return { state: "settling", until };
      const told = condition === "working" ? (live ?? claim?.progress) : undefined;
      if (told === undefined) return { state: "queued" };
      const { step, ...done } = told;
      return { state: step, ...done };
    }
    case "free":
    case "foreign":
      return { state: "queued" };
    case "failed":
      return { state: "failed", reason: reasonOf(claim) };
    case "abandoned":
    case "failed, lapsed":
    case "foreign, lapsed":
      return isThere ? { state: "done" } : { state: "failed", reason: reasonOf(claim) };
    case "absent":
    case "held":
    case "held, lapsed":
  }
  return { state: isThere ? "done" : "none" };
}
