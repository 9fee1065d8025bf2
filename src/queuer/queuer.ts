import type { Dispatcher } from "undici";
import type { Job } from "../job.js";
import type { Module } from "../module.js";

/** Hands jobs to whatever brings them to a worker, at least once. */
export interface Queuer extends Module {
  /**
   * True when jobs come back to this very process. Nobody else redelivers them then, so the service itself takes up
   * claims that were freed or abandoned.
   */
  readonly local?: boolean;

  /**
   * The bearer token that goes with jobs for this very process, and nowhere else: whatever tokens others need, the
   * process takes this one. Without it, jobs come back with whatever the queuer sends.
   */
  readonly loopbackToken?: string;

  /**
   * Resolves when the job was accepted: it will be delivered. May be called concurrently.
   *
   * @param notBefore it has nothing to do before: a queue that can hold it back until then, or for a part of the time, does
   * @throws RetryLaterError when the queue is full
   * @throws DependencyError ("queuer") when it was not accepted, or nobody knows whether it was
   */
  queue(job: Job, signal: AbortSignal, notBefore?: Date): Promise<void>;
}

/** What a process has for a Queuer besides its settings. */
export interface QueuerGiven {
  /** The program's own HTTP client, for what speaks HTTP. */
  readonly client: Dispatcher | undefined;
}
