import { RetryLaterError } from "../errors.js";
import type { Job } from "../job.js";
import { ActiveJob, type WorkOptions } from "./active-job.js";
import { Slots } from "./slots.js";

export interface WorkerOptions<Result> extends WorkOptions<Result> {
  /** Jobs worked at once. */
  readonly concurrency: number;
  /** Jobs that wait in process before more are refused. */
  readonly queueLimit: number;
}

/**
 * Works jobs in process: some at once, some waiting, each under a claim that is renewed from delivery to end, waiting
 * included. Equal jobs that are delivered meanwhile join the first.
 */
export class Worker<Result> {
  readonly #options: WorkerOptions<Result>;
  readonly #slots: Slots;
  readonly #jobs = new Map<string, ActiveJob<Result>>();
  #stopping = false;

  constructor(options: WorkerOptions<Result>) {
    this.#options = options;
    this.#slots = new Slots(options.concurrency);
  }

  /** Jobs in process: those worked on and those that wait. */
  get size(): number {
    return this.#jobs.size;
  }

  /** Jobs that are worked on now. */
  get working(): number {
    return this.#slots.taken;
  }

  /** No more jobs are taken: `run` and `accept` would throw. */
  get full(): boolean {
    return this.#stopping || this.size >= this.#options.concurrency + this.#options.queueLimit;
  }

  /**
   * Works a job to its end for a deliverer that waits, and delivers it again when told that it failed: one attempt.
   *
   * @returns undefined when the job had nothing left to do
   * @throws RetryLaterError at capacity, too early, while somebody else holds the job, or when the process stops
   * @throws whatever the attempt threw
   */
  async run(job: Job): Promise<Result | undefined> {
    return this.#enter(job, false).finished;
  }

  /**
   * Takes a job over: resolves when its claim is held, or when it has nothing left to do. From then on it is retried
   * here, and ends as a graph or as a failed claim.
   *
   * @returns true when the job is in process because of this call: it was there to do, and wasn't being done here
   * @throws RetryLaterError at capacity, while somebody else holds the job, or when the process stops
   */
  async accept(job: Job): Promise<boolean> {
    const before = this.size;
    const { accepted } = this.#enter(job, true);
    const isNew = this.size > before;
    return (await accepted) && isNew;
  }

  /** Refuses new jobs, frees those that wait, and gives the running ones some time before they are freed as well. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    const jobs = [...this.#jobs.values()];
    for (const job of jobs) job.stopWaiting();
    const timer = setTimeout(() => {
      for (const job of jobs) job.stopWorking();
    }, graceMs);
    await Promise.allSettled(jobs.map(({ finished }) => finished));
    clearTimeout(timer);
  }

  #enter(job: Job, owned: boolean): ActiveJob<Result> {
    const key = `${job.window.id} ${job.claim ?? ""} ${job.refresh}`;
    const known = this.#jobs.get(key);
    if (known !== undefined) {
      known.join(owned);
      return known;
    }
    if (this.#stopping) throw new RetryLaterError("the process is stopping", 1000);
    if (this.full) throw new RetryLaterError("the queue of jobs is full", 5000);
    const active = new ActiveJob(job, owned, this.#slots, this.#options, () => this.#jobs.delete(key));
    this.#jobs.set(key, active);
    return active;
  }
}
