import type { Job } from "../job.js";
import type { Claim, ClaimRecord } from "../marker/marker.js";

/**
 * What a claim is to others. `abandoned` is a job, queued, working or free, that nobody renewed for the timeout; `foreign`
 * is a record that isn't a claim of ours, such as the bare time of the Go service or the tombstone of a released claim.
 */
export type Condition =
  | "absent"
  | "queued"
  | "working"
  | "free"
  | "failed"
  | "foreign"
  | "abandoned"
  | "held"
  | "failed, lapsed"
  | "foreign, lapsed"
  | "held, lapsed";

/** What others do. Of a job that is delivered, its token tells which it is. */
type Event =
  /** POST /graph. */
  | "request"
  /** A job with the claim's own token. */
  | "own job"
  /** A job with another token. */
  | "other job"
  /** A job without a token, as older producers send it. */
  | "bare job"
  /** A job with a token that asks for a graph to be made again, where no claim of ours is found. */
  | "lone refresh"
  /** A process looks for jobs that nobody takes care of. */
  | "survey"
  /** GET /graph, where there is no graph. */
  | "look"
  /** Somebody wants to remove the graph, or to tell of its findings. */
  | "hold";

interface Answers extends Record<Event, string> {
  /** It gets the claim, or is told that the graph is being made. */
  readonly request: "take" | "refuse";
  readonly "own job": Delivery;
  readonly "other job": Delivery;
  readonly "bare job": Delivery;
  readonly "lone refresh": Delivery;
  /** It takes the job up now, looks again when the claim can lapse, or never. */
  readonly survey: "take" | "wait" | "settled";
  readonly look: "none" | "progress" | "reason";
  /** It gets the claim where no job is under way or owed. */
  readonly hold: "take" | "refuse";
}

/** A worker gets the claim, comes back later, or has nothing left to do. */
type Delivery = "take" | "later" | "nothing";

/**
 * What others may do to a claim: each row has every event, and there is a row for every condition, or it doesn't compile.
 * What its holder may do are the methods of `HeldClaim`.
 */
// prettier-ignore
export const RULES: { readonly [condition in Condition]: Answers } = {
  absent:            { request: "take",   "own job": "take",    "other job": "take",    "bare job": "take",  "lone refresh": "nothing", survey: "settled", look: "none",     hold: "take" },
  queued:            { request: "refuse", "own job": "take",    "other job": "nothing", "bare job": "take",  "lone refresh": "take",    survey: "wait",    look: "progress", hold: "refuse" },
  working:           { request: "refuse", "own job": "later",   "other job": "nothing", "bare job": "later", "lone refresh": "later",   survey: "wait",    look: "progress", hold: "refuse" },
  free:              { request: "refuse", "own job": "take",    "other job": "nothing", "bare job": "take",  "lone refresh": "take",    survey: "take",    look: "progress", hold: "refuse" },
  failed:            { request: "take",   "own job": "nothing", "other job": "nothing", "bare job": "take",  "lone refresh": "nothing", survey: "settled", look: "reason",   hold: "take" },
  foreign:           { request: "refuse", "own job": "later",   "other job": "later",   "bare job": "later", "lone refresh": "later",   survey: "settled", look: "progress", hold: "refuse" },
  abandoned:         { request: "take",   "own job": "take",    "other job": "take",    "bare job": "take",  "lone refresh": "take",    survey: "take",    look: "reason",   hold: "refuse" },
  "failed, lapsed":  { request: "take",   "own job": "take",    "other job": "take",    "bare job": "take",  "lone refresh": "take",    survey: "settled", look: "reason",   hold: "take" },
  "foreign, lapsed": { request: "take",   "own job": "take",    "other job": "take",    "bare job": "take",  "lone refresh": "take",    survey: "settled", look: "reason",   hold: "take" },
  held:              { request: "refuse", "own job": "later",   "other job": "later",   "bare job": "later", "lone refresh": "later",   survey: "settled", look: "none",     hold: "refuse" },
  "held, lapsed":    { request: "take",   "own job": "take",    "other job": "take",    "bare job": "take",  "lone refresh": "take",    survey: "settled", look: "none",     hold: "take" },
};

/**
 * How long a record stays fresh; 0 or less: it has lapsed. A queued claim also lives until its job may begin, and as long
 * as that may lie in a queue: nobody renews it meanwhile. `waitMs` was measured when the claim was written, so the store's
 * clock alone decides.
 */
export function freshForMs({ claim, ageMs }: ClaimRecord, timeoutMs: number): number {
  const waitMs = claim?.state === "queued" ? (claim.waitMs ?? 0) : 0;
  return timeoutMs + waitMs - ageMs - (claim?.agedMs ?? 0);
}

export function conditionOf(record: ClaimRecord | undefined, timeoutMs: number): Condition {
  if (record === undefined) return "absent";
  const lapsed = freshForMs(record, timeoutMs) <= 0;
  const state = record.claim === null ? "foreign" : record.claim.state;
  if (state === "queued" || state === "working" || state === "free") return lapsed ? "abandoned" : state;
  return lapsed ? `${state}, lapsed` : state;
}

/** What the delivery of a job is to the claim that is found. */
export function deliveryOf(
  { claim, refresh }: Job,
  found: Claim | undefined,
): "own job" | "other job" | "bare job" | "lone refresh" {
  if (claim === undefined) return "bare job";
  // A claim is released after storing: a refresh whose claim is gone has been done.
  if (found === undefined) return refresh ? "lone refresh" : "own job";
  return found.token === claim ? "own job" : "other job";
}

/** Why there is neither a graph nor anybody who makes it. Null: the record says nothing. */
export function reasonOf(claim: Claim | null | undefined): string {
  // The Go service leaves a bare time, and removes it when it has stored the graph.
  if (claim === null) return "an older service began this graph and didn't finish it; ask again";
  return claim?.reason ?? "no worker finished this graph in time; ask again";
}
