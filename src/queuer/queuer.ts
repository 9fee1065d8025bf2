import type { Dispatcher } from "undici";
import type { Job } from "../job.js";
import type { Module } from "../module.js";

/** Hands jobs to something that delivers them to a worker, at least once. */
export interface Queuer extends Module {
  /**
   * True if jobs come back to this process. Then nobody else delivers them again, so the service itself takes up claims that were
   * freed or abandoned.
   */
  readonly local?: boolean;

  /**
   * The bearer token of jobs for this process, sent to nobody else. The process accepts it besides `PRODUCE_TOKENS`. Without it, jobs
   * come back with whatever the queuer sends.
   */
  readonly loopbackToken?: string;

  /**
   * Resolves when the job is accepted: it will be delivered. Can be called several times at once.
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
