import { setTimeout as delay } from "node:timers/promises";
import { CorruptInputError, DependencyError, HandedOverError, RetryLaterError } from "../errors.js";
import type { Job } from "../job.js";
import { MAX_TIMER_MS } from "../settings.js";
import { timesOf, type Claims } from "./claims.js";
import { type HeldClaim, LostClaimError } from "./held-claim.js";
import type { Slots } from "./slots.js";

/** Why a job was aborted: the process stops. Its claim becomes free. */
export class StoppingError extends HandedOverError {
  override name = "StoppingError";
}

const CLAIM_DEADLINE_MS = 30_000;

export interface WorkOptions<Result> {
  /** Attempts after the first at a job whose failure may pass, and the pause before the first of them (doubling). */
  readonly retries: number;
  readonly retryDelayMs: number;
  readonly claims: Claims;
  /** When a job's input can be expected to be complete. */
  readonly readyAt: (job: Job) => Date | undefined;
  /** How much longer than the timeout the claim of a job lives that goes back to its queue. */
  readonly queuedMs: () => number;
  /** One attempt. The signal aborts when the claim is lost or the process stops. */
  readonly attempt: (job: Job, claim: HeldClaim, signal: AbortSignal) => Promise<Result>;
  /** The sentence for callers that a failed claim carries. */
  readonly explain: (error: unknown) => string;
  /** Told of every attempt that failed or was interrupted, and whether it was the last. */
  readonly onFailure: (job: Job, error: unknown, final: boolean) => void;
  /** Told when a claim could not say what became of its job, which is as it is all the same. */
  readonly onClaimFailure: (job: Job, error: unknown) => void;
}

/** A job in process, from delivery to its end. */
export class ActiveJob<Result> {
  #job: Job;
  readonly #slots: Slots;
  readonly #options: WorkOptions<Result>;
  readonly #waiting = new AbortController();
  readonly #working = new AbortController();
  /** Somebody was told that the job is taken care of, so nobody will deliver it again. */
  #owned: boolean;
  #failed = false;
  /** Settles when the claim is held (false: nothing left to do) or could not be taken. */
  readonly accepted: Promise<boolean>;
  /** Undefined when nothing was left to do. */
  readonly finished: Promise<Result | undefined>;

  /** Begins at once. `onEnd` is called when it has finished, whatever the end. */
  constructor(job: Job, owned: boolean, slots: Slots, options: WorkOptions<Result>, onEnd: () => void) {
    this.#job = job;
    this.#owned = owned;
    this.#slots = slots;
    this.#options = options;
    const claim = options.claims.work(job, AbortSignal.timeout(CLAIM_DEADLINE_MS));
    this.accepted = claim.then((held) => held !== undefined);
    this.finished = claim.then((held) => (held === undefined ? undefined : this.#hold(held))).finally(onEnd);
    // Each deliverer awaits one of the two; the other must not count as unhandled.
    this.accepted.catch(() => undefined);
    this.finished.catch(() => undefined);
  }

  /**
   * Adds another deliverer of the same job.
   *
   * @throws RetryLaterError when it is too late for that: it has failed, and its claim is being put down
   */
  join(owned: boolean): void {
    if (this.#failed) throw new RetryLaterError("this job has failed just now", 1000);
    this.#owned ||= owned;
  }

  /** Frees the job unless an attempt is under way. */
  stopWaiting(): void {
    this.#waiting.abort(new StoppingError("the process is stopping"));
  }

  /** Aborts the attempt that is under way, and frees the job. */
  stopWorking(): void {
    this.#working.abort(new StoppingError("the process is stopping"));
  }

  /** Keeps the claim alive around the work, and says in it how the work ended. */
  async #hold(claim: HeldClaim): Promise<Result | undefined> {
    // The claim knows who asked for the graph, the job only who delivered it.
    const { requestId } = claim.claim;
    if (requestId !== undefined) this.#job = { ...this.#job, requestId };
    claim.lost.addEventListener("abort", () => {
      this.#waiting.abort(claim.lost.reason);
      this.#working.abort(claim.lost.reason);
    });
    claim.keep();
    try {
      await this.#untilReady(claim);
      const result = await this.#attempts(claim);
      // The graph is stored. A claim that can't be released now lapses, and whoever meets it then finds the graph.
      await claim.release().catch((error: unknown) => this.#options.onClaimFailure(this.#job, error));
      return result;
    } catch (error) {
      this.#failed = true;
      await this.#putDown(claim, error);
      if (error instanceof StoppingError || error instanceof LostClaimError) {
        this.#options.onFailure(this.#job, error, true);
        throw new RetryLaterError(error.message, 1000, { cause: error });
      }
      throw error;
    }
  }

  async #putDown(claim: HeldClaim, error: unknown): Promise<void> {
    if (error instanceof LostClaimError) return;
    const { readyAt, queuedMs, explain, onClaimFailure } = this.#options;
    try {
      if (error instanceof StoppingError) await claim.leave("free");
      else if (error instanceof RetryLaterError) {
        await claim.leave("queued", timesOf(readyAt(this.#job), queuedMs()));
      } else {
        const final = this.#owned || error instanceof CorruptInputError;
        await claim.leave(final ? "failed" : "queued", { reason: explain(error) });
      }
    } catch (cause) {
      // The claim lapses by itself; the job's own failure is what matters.
      onClaimFailure(this.#job, cause);
    }
  }

  async #untilReady(claim: HeldClaim): Promise<void> {
    for (;;) {
      const notBefore = this.#options.readyAt(this.#job);
      const ms = notBefore === undefined ? 0 : notBefore.getTime() - Date.now();
      if (notBefore === undefined || ms <= 0) return;
      if (!this.#owned) throw new RetryLaterError(`its logs are complete at ${notBefore.toISOString()}`, ms);
      try {
        await claim.postpone(timesOf(notBefore));
      } catch (error) {
        if (error instanceof LostClaimError) throw error;
        // Callers poll more often than they need to; the job waits all the same.
        this.#options.onClaimFailure(this.#job, error);
      }
      await this.#pause(ms);
    }
  }

  async #attempts(claim: HeldClaim): Promise<Result> {
    const { attempt, retries, retryDelayMs, onFailure } = this.#options;
    const { signal } = this.#working;
    for (let failures = 0; ;) {
      const release = await this.#slots.acquire(this.#waiting.signal);
      try {
        return await attempt(this.#job, claim, signal);
      } catch (error) {
        // What an abort breaks throws errors of its own; why it was aborted is what counts.
        if (signal.aborted) throw signal.reason;
        failures++;
        const passing = !(
          error instanceof CorruptInputError ||
          (error instanceof DependencyError && !error.transient)
        );
        const again = this.#owned && passing && failures <= retries;
        onFailure(this.#job, error, !again);
        if (!again) throw error;
      } finally {
        release();
      }
      await this.#pause(retryDelayMs * 2 ** (failures - 1));
    }
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#waiting;
    try {
      await delay(Math.min(ms, MAX_TIMER_MS), undefined, { signal });
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  }
}
