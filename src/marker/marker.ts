import { z } from "zod";
import type { Module } from "../module.js";
import { Scope } from "../scope.js";
import type { GraphId } from "../window.js";

/** How far a job is, as its worker tells. */
export const JobProgress = z.object({
  /** `reading` its flow logs, or `storing` the graph that is made of them. */
  step: z.enum(["reading", "storing"]),
  /** Files that have been read, of so many, and the records that were in them. Left out where the digester doesn't tell. */
  filesDone: z.int().nonnegative().optional(),
  files: z.int().nonnegative().optional(),
  records: z.int().nonnegative().optional(),
});
export type JobProgress = z.infer<typeof JobProgress>;

/** The durable record of a job. */
export const Claim = z.object({
  /** Names the claim; the job carries it. */
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
  /** Tells who wrote it last: each hold of a claim has another, those of one process too. */
  holder: z.string().optional(),
  /** Why the last attempt failed: a sentence for callers, without internals. */
  reason: z.string().optional(),
  /** The request that asked for the graph, for the log. */
  requestId: z.string().max(128).optional(),
  /** RFC 3339. The digest isn't complete before. */
  notBefore: z.string().optional(),
  /**
   * Milliseconds that a queued record lives beyond the timeout: from its writing to `notBefore`, and as long as its job may
   * lie in a queue. Lets the store's clock alone decide when it lapses.
   */
  waitMs: z.number().nonnegative().optional(),
  /** Milliseconds that it was old when a request, which had taken it over and was refused, wrote it back. */
  agedMs: z.number().nonnegative().optional(),
  /** As of the last renewal. What can't be read of it says nothing of the claim. */
  progress: JobProgress.optional().catch(undefined),
});
export type Claim = z.infer<typeof Claim>;

export interface ClaimRecord {
  /** Null for what isn't a claim of ours, such as the bare time that the Go service left: working, and no more is known. */
  readonly claim: Claim | null;
  /** Names this very write of the record; no later write of any process has the same. */
  readonly version: string;
  /**
   * Milliseconds since it was written, on the store's clock and never on this process's. Never negative, and never more
   * than it is, unless that clock was set: a store that counts in seconds gives the least it can be.
   */
  readonly ageMs: number;
}

/**
 * Where claims are kept: a store of small records with compare-and-set. It knows nothing of what the states mean
 * (`worker/claims.ts` does), so that an implementation is input and output alone.
 *
 * `create`, `replace` and `remove` are atomic towards every process that shares the store: of any number of
 * concurrent calls on one version, or of creations, exactly one succeeds. Losing that race is an answer (undefined or
 * false), not an error. All calls may run concurrently. Failures are `DependencyError("marker", …)` with their cause;
 * after a failure a write may or may not have happened, and a reader sees either the old record or the new one, whole.
 */
export interface Marker extends Module {
  /** Undefined when there is none. */
  read(id: GraphId, signal: AbortSignal): Promise<ClaimRecord | undefined>;

  /** Writes a record where there is none. Its version, or undefined when there is one already, of whatever age. */
  create(id: GraphId, claim: Claim, signal: AbortSignal): Promise<string | undefined>;

  /** Replaces the record that has this version. The new version, or undefined when that record is no longer there. */
  replace(id: GraphId, version: string, claim: Claim, signal: AbortSignal): Promise<string | undefined>;

  /** Removes the record that has this version; false when it is no longer there. */
  remove(id: GraphId, version: string, signal: AbortSignal): Promise<boolean>;

  /** All records, in any order, each at most once. What is written or removed meanwhile may or may not be among them. */
  list(signal: AbortSignal): AsyncIterable<{ readonly id: GraphId; readonly version: string }>;
}

/** What a process has for a Marker besides its settings. */
export interface MarkerGiven {
  /** Milliseconds after which what nobody wrote to is taken for a killed process's. */
  readonly staleMs: number;
}
