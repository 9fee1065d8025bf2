import { z } from "zod";
import type { Module } from "../module.js";
import { Scope } from "../scope.js";
import type { GraphId } from "../window.js";

/** How far a job is, as its worker reports. */
export const JobProgress = z.object({
  /** `reading` its flow logs, or `storing` the graph that is made of them. */
  step: z.enum(["reading", "storing"]),
  /** Files that have been read, files in all, and records in the files that have been read. Left out if the digester doesn't report them. */
  filesDone: z.int().nonnegative().optional(),
  files: z.int().nonnegative().optional(),
  records: z.int().nonnegative().optional(),
});
export type JobProgress = z.infer<typeof JobProgress>;

/** The durable record of a job. */
export const Claim = z.object({
  /** Names the claim. The job has it, too. */
  token: z.string().min(1).max(128),
  start: z.string(),
  stop: z.string(),
  /** The part of the flow logs that the graph is of; without it, all. */
  scope: Scope.optional(),
  refresh: z.boolean(),
  /**
   * - `queued`: accepted, not begun; a worker that has the job may take it
   * - `working`: a worker holds it and renews it
   * - `free`: handed back by a process that stopped; any worker may take it
   * - `failed`: the last attempt failed for good; the next request may take it
   * - `held`: no job, but somebody who removes the graph and what belongs to it, or tells of its findings; nobody may take it
   */
  state: z.enum(["queued", "working", "free", "failed", "held"]),
  /** Who wrote it last. Each hold of a claim has another value, also within one process. */
  holder: z.string().optional(),
  /** Why the last attempt failed: a sentence for callers, without internals. */
  reason: z.string().optional(),
  /** The request that asked for the graph, for the log. */
  requestId: z.string().max(128).optional(),
  /** RFC 3339. Flow logs are not complete before this time. */
  notBefore: z.string().optional(),
  /**
   * Milliseconds that a queued record lives beyond the timeout: from its writing to `notBefore`, and as long as its job may
   * lie in a queue. Lets the store's clock alone decide when it lapses.
   */
  waitMs: z.number().nonnegative().optional(),
  /** Its age in milliseconds when a refused request, which had taken it over, wrote it back. */
  agedMs: z.number().nonnegative().optional(),
  /** As of the last renewal. If it can't be read, the claim is still valid. */
  progress: JobProgress.optional().catch(undefined),
});
export type Claim = z.infer<typeof Claim>;

export interface ClaimRecord {
  /** Null if the record isn't a claim of ours, such as the time that the Go service wrote. It counts as working. */
  readonly claim: Claim | null;
  /** Names this write of the record. No later write of any process has the same version. */
  readonly version: string;
  /**
   * Milliseconds since it was written, on the store's clock, never on this process's. Never negative, and never more than the real
   * age, unless that clock was set: a store that counts in seconds gives the lowest possible age.
   */
  readonly ageMs: number;
}

/**
 * Keeps claims: a store of small records with compare-and-set. It doesn't know what the states mean (`worker/claims.ts` does). So an
 * implementation only reads and writes.
 *
 * `create`, `replace` and `remove` are atomic for all processes that share the store. If any number of them create a record, or
 * change the same version, at the same time, exactly one succeeds. The others get undefined or false, not an error. All calls can
 * run at the same time. A failure is a `DependencyError("marker", …)` with its cause. After a failure the write may have happened or
 * not; readers see the old record or the new one, completely.
 */
export interface Marker extends Module {
  /** Undefined when there is no record. */
  read(id: GraphId, signal: AbortSignal): Promise<ClaimRecord | undefined>;

  /** Writes a record if there is none. Returns its version, or undefined if there is already one, however old. */
  create(id: GraphId, claim: Claim, signal: AbortSignal): Promise<string | undefined>;

  /** Replaces the record that has this version. Returns the new version, or undefined if that record is no longer there. */
  replace(id: GraphId, version: string, claim: Claim, signal: AbortSignal): Promise<string | undefined>;

  /** Removes the record that has this version. Returns false if it is no longer there. */
  remove(id: GraphId, version: string, signal: AbortSignal): Promise<boolean>;

  /** All records, in any order, each at most once. Records that are written or removed meanwhile may be missing. */
  list(signal: AbortSignal): AsyncIterable<{ readonly id: GraphId; readonly version: string }>;
}

/** What a process has for a Marker besides its settings. */
export interface MarkerGiven {
  /** Milliseconds after which a temporary file that nobody wrote to counts as left behind by a killed process. */
  readonly staleMs: number;
}
