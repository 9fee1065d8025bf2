import { setTimeout as delay } from "node:timers/promises";
import { CorruptInputError, DependencyError, RetryLaterError } from "../errors.js";
import type { Job } from "../job.js";
import { wait, type Claims } from "./claims.js";
import { type HeldClaim, LostClaimError } from "./held-claim.js";
import { Slots } from "./slots.js";

/** Why a job was aborted: the process stops. Its claim becomes free. */
class StoppingError extends Error {
  override name = "StoppingError";
}

const MAX_TIMER_MS = 2 ** 31 - 1;
const CLAIM_DEADLINE_MS = 30_000;

export interface WorkerOptions<Result> {
  /** Jobs worked at once. */
  readonly concurrency: number;
  /** Jobs that wait in process before more are refused. */
  readonly queueLimit: number;
  /** Attempts after the first at a job whose failure may pass, and the pause before the first of them (doubling). */
  readonly retries: number;
  readonly retryDelayMs: number;
  readonly claims: Claims;
  /** When a job's input can be expected to be complete. */
  readonly readyAt: (job: Job) => Date | undefined;
  /** One attempt. The signal aborts when the claim is lost or the process stops. */
  readonly attempt: (job: Job, claim: HeldClaim, signal: AbortSignal) => Promise<Result>;
  /** The sentence for callers that a failed claim carries. */
  readonly explain: (error: unknown) => string;
  /** Told of every attempt that failed, and whether it was the last. */
  readonly onFailure: (job: Job, error: unknown, final: boolean) => void;
}

/** A job in process, from delivery to its end. */
interface Entry<Result> {
  /** Settles when the claim is held (false: nothing left to do) or could not be taken. */
  readonly accepted: Promise<boolean>;
  /** Undefined when nothing was left to do. */
  readonly finished: Promise<Result | undefined>;
  /** Somebody was told that the job is taken care of, so nobody will deliver it again. */
  owned: boolean;
}

/**
 * Works jobs in process: some at once, some waiting, each under a claim that is renewed from delivery to end, waiting
 * included. Equal jobs that are delivered meanwhile join the first.
 */
export class Worker<Result> {
  readonly #options: WorkerOptions<Result>;
  readonly #slots: Slots;
  readonly #entries = new Map<string, Entry<Result>>();
  readonly #stopWaiting = new AbortController();
  readonly #stopWorking = new AbortController();

  constructor(options: WorkerOptions<Result>) {
    this.#options = options;
    this.#slots = new Slots(options.concurrency);
  }

  /** Jobs in process: those worked on and those that wait. */
  get size(): number {
    return this.#entries.size;
  }

  /** Throws what `run` and `accept` would throw to one more job. */
  #admit(): void {
    if (this.#stopWaiting.signal.aborted) throw new RetryLaterError("the process is stopping", 1000);
    if (this.#entries.size >= this.#options.concurrency + this.#options.queueLimit) {
      throw new RetryLaterError("the queue of jobs is full", 5000);
    }
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
   * Takes a job over: resolves when its claim is held. From then on it is retried here, and ends as a graph or as a
   * failed claim.
   *
   * @throws RetryLaterError at capacity, while somebody else holds the job, or when the process stops
   */
  async accept(job: Job): Promise<void> {
    await this.#enter(job, true).accepted;
  }

  /** Refuses new jobs, frees those that wait, and gives the running ones some time before they are freed as well. */
  async stop(graceMs: number): Promise<void> {
    this.#stopWaiting.abort(new StoppingError("the process is stopping"));
    const timer = setTimeout(
      () => this.#stopWorking.abort(new StoppingError("the process is stopping")),
      graceMs,
    );
    await Promise.allSettled([...this.#entries.values()].map(({ finished }) => finished));
    clearTimeout(timer);
  }

  #enter(job: Job, owned: boolean): Entry<Result> {
    const key = `${job.window.id} ${job.claim ?? ""} ${job.refresh}`;
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.owned ||= owned;
      return known;
    }
    this.#admit();
    const claim = this.#options.claims.work(job, AbortSignal.timeout(CLAIM_DEADLINE_MS));
    const entry: Entry<Result> = {
      accepted: claim.then((held) => held !== undefined),
      finished: claim
        .then((held) => (held === undefined ? undefined : this.#hold(job, held, () => entry.owned)))
        .finally(() => this.#entries.delete(key)),
      owned,
    };
    // Each deliverer awaits one of the two; the other must not count as unhandled.
    entry.accepted.catch(() => undefined);
    entry.finished.catch(() => undefined);
    this.#entries.set(key, entry);
    return entry;
  }

  /** Keeps the claim alive around the work, and says in it how the work ended. */
  async #hold(job: Job, claim: HeldClaim, isOwned: () => boolean): Promise<Result | undefined> {
    claim.keep();
    try {
      await this.#untilReady(job, claim, isOwned);
      const result = await this.#attempts(job, claim, isOwned);
      // The graph is stored. A claim that can't be released now lapses, and whoever meets it then finds the graph.
      await claim.release().catch((error: unknown) => this.#options.onFailure(job, error, false));
      return result;
    } catch (error) {
      await this.#putDown(job, claim, error, isOwned());
      if (error instanceof StoppingError || error instanceof LostClaimError) {
        throw new RetryLaterError(error.message, 1000, { cause: error });
      }
      throw error;
    }
  }

  async #putDown(job: Job, claim: HeldClaim, error: unknown, owned: boolean): Promise<void> {
    if (error instanceof LostClaimError) return;
    try {
      if (error instanceof StoppingError) await claim.leave("free");
      else if (error instanceof RetryLaterError)
        await claim.leave("queued", wait(this.#options.readyAt(job)));
      else {
        const final = owned || error instanceof CorruptInputError;
        await claim.leave(final ? "failed" : "queued", { reason: this.#options.explain(error) });
      }
    } catch (cause) {
      // The claim lapses by itself; the job's own failure is what matters.
      this.#options.onFailure(job, cause, false);
    }
  }

  async #untilReady(job: Job, claim: HeldClaim, isOwned: () => boolean): Promise<void> {
    for (;;) {
      const notBefore = this.#options.readyAt(job);
      const ms = notBefore === undefined ? 0 : notBefore.getTime() - Date.now();
      if (notBefore === undefined || ms <= 0) return;
      if (!isOwned()) throw new RetryLaterError(`its logs are complete at ${notBefore.toISOString()}`, ms);
      await claim.postpone(wait(notBefore));
      await this.#pause(ms, claim);
    }
  }

  async #attempts(job: Job, claim: HeldClaim, isOwned: () => boolean): Promise<Result> {
    for (let failures = 0; ;) {
      const release = await this.#slots.acquire(AbortSignal.any([claim.lost, this.#stopWaiting.signal]));
      const signal = AbortSignal.any([claim.lost, this.#stopWorking.signal]);
      try {
        return await this.#options.attempt(job, claim, signal);
      } catch (error) {
        // What an abort breaks throws errors of its own; why it was aborted is what counts.
        if (signal.aborted) throw signal.reason;
        failures++;
        const passing = !(
          error instanceof CorruptInputError ||
          (error instanceof DependencyError && !error.transient)
        );
        const again = isOwned() && passing && failures <= this.#options.retries;
        this.#options.onFailure(job, error, !again);
        if (!again) throw error;
      } finally {
        release();
      }
      await this.#pause(this.#options.retryDelayMs * 2 ** (failures - 1), claim);
    }
  }

  async #pause(ms: number, claim: HeldClaim): Promise<void> {
    const signal = AbortSignal.any([claim.lost, this.#stopWaiting.signal]);
    try {
      await delay(Math.min(ms, MAX_TIMER_MS), undefined, { signal });
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  }
}
