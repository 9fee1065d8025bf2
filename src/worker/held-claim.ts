import { HandedOverError } from "../errors.js";
import type { Claim, ClaimRecord, JobProgress, Marker } from "../marker/marker.js";
import type { GraphId } from "../window.js";
import { reasonOf } from "./claim-rules.js";

/** The claim isn't ours any more: whoever has it now does the job. */
export class LostClaimError extends HandedOverError {
  override name = "LostClaimError";
}

/** A claim as it was written, and what it took over, if anything. */
export interface Taken {
  readonly id: GraphId;
  readonly claim: Claim;
  readonly version: string;
  readonly before: ClaimRecord | undefined;
  /** When the write began, on `performance.now()`'s clock: the claim is at least as old by the store's. */
  readonly writtenAt: number;
}

/**
 * A claim that this process wrote last. Its methods may be called concurrently: writes happen one after the other, each
 * on the version that the one before left. Every write carries a deadline of a third of the timeout.
 */
export class HeldClaim {
  readonly #marker: Marker;
  readonly #id: GraphId;
  readonly #timeoutMs: number;
  readonly #lost = new AbortController();
  /** Tells this hold of the claim from every other, those of the same process included. */
  readonly #token: string;
  readonly #holder: string | undefined;
  readonly #before: ClaimRecord | undefined;
  #claim: Claim;
  #version: string;
  #renewedAt: number;
  #timer: NodeJS.Timeout | undefined;
  #renewing = false;
  #putDown = false;
  #progress: (() => JobProgress) | undefined;
  #writes: Promise<unknown> = Promise.resolve();

  constructor(marker: Marker, { id, claim, version, before, writtenAt }: Taken, timeoutMs: number) {
    this.#marker = marker;
    this.#id = id;
    this.#claim = claim;
    this.#token = claim.token;
    this.#holder = claim.holder;
    this.#version = version;
    this.#before = before;
    this.#renewedAt = writtenAt;
    this.#timeoutMs = timeoutMs;
  }

  get claim(): Claim {
    return this.#claim;
  }

  /** Aborts, with a LostClaimError, when a write finds that the claim was taken, or it could not be renewed in time. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Renews the claim every third of the timeout until it is put down or lost. */
  keep(): void {
    this.#timer ??= setInterval(() => this.#renew(), this.#timeoutMs / 3).unref();
  }

  /** What each renewal tells of the job from now on; undefined: nothing. It has no writes of its own. */
  tell(progress: (() => JobProgress) | undefined): void {
    this.#progress = progress;
  }

  /**
   * Renews the claim now: from here on it is fresh for the timeout.
   *
   * @throws LostClaimError when it isn't ours any more
   */
  async confirm(): Promise<void> {
    await this.#write({});
  }

  /**
   * To be awaited right before the step that makes something visible to others: the claim is ours, by the store, and was
   * written less than the timeout ago, by this process's clock. A process that was paused (SIGSTOP, a suspended machine)
   * finds here that it is too late, so that it stores nothing over its successor's work.
   *
   * @throws LostClaimError
   */
  async fence(): Promise<void> {
    await this.confirm();
    if (this.#isLate()) this.#giveUp();
    this.lost.throwIfAborted();
  }

  /**
   * Says how the job waits, and goes on holding it.
   *
   * @throws LostClaimError when somebody has it already
   */
  async postpone(times: Pick<Claim, "notBefore" | "waitMs">): Promise<void> {
    await this.#write(times);
  }

  /** Nothing is left to do: removes the claim. A claim that was taken meanwhile is its new owner's, and stays. */
  async release(): Promise<void> {
    await this.#end(async (signal) => {
      if (await this.#marker.remove(this.#id, this.#version, signal)) return;
      if (await this.#adopt(signal)) await this.#marker.remove(this.#id, this.#version, signal);
    });
  }

  /** Undoes the taking: what was taken over is there again, as old as it was. */
  async giveBack(): Promise<void> {
    const before = this.#before;
    if (before === undefined) return this.release();
    await this.#end(async (signal) => {
      const agedMs = before.ageMs + (before.claim?.agedMs ?? 0);
      // What isn't a claim of ours had ended without a graph, and that is all that was known.
      const { token, start, stop, scope } = this.#claim;
      const span = { start, stop, ...(scope !== undefined && { scope }) };
      const ended: Claim = { token, ...span, refresh: false, state: "failed", reason: reasonOf(null) };
      this.#claim = { ...(before.claim ?? ended), agedMs };
      await this.#replace(signal);
    });
  }

  /** Leaves the claim to others: `free` for any worker, `queued` for one that has the job, `failed` for the next request. */
  async leave(
    state: "free" | "queued" | "failed",
    { reason, ...more }: Pick<Claim, "reason" | "notBefore" | "waitMs"> = {},
  ): Promise<void> {
    await this.#end(async (signal) => {
      const { holder: _, notBefore: __, waitMs: ___, progress: ____, ...rest } = this.#claim;
      this.#claim = { ...rest, state, ...(reason !== undefined && { reason }), ...more };
      await this.#replace(signal);
    });
  }

  #renew(): void {
    // The process was paused, or the store hangs in spite of the deadline: somebody else may have the claim by now.
    if (this.#isLate()) this.#giveUp();
    if (this.lost.aborted || this.#renewing) return;
    this.#renewing = true;
    void this.confirm()
      .catch((error: unknown) => {
        if (this.#isLate()) this.#giveUp(error);
      })
      .finally(() => {
        this.#renewing = false;
      });
  }

  /** It may be somebody else's by now. */
  #isLate(): boolean {
    return performance.now() - this.#renewedAt >= this.#timeoutMs;
  }

  #giveUp(cause?: unknown): void {
    this.#lose(new LostClaimError("the claim could not be renewed in time", { cause }));
  }

  #lose(error: LostClaimError): void {
    clearInterval(this.#timer);
    this.#lost.abort(error);
  }

  async #write(change: Partial<Claim>): Promise<void> {
    try {
      await this.#next(async (signal) => {
        if (this.#putDown) throw new LostClaimError(`the claim of ${this.#id} was put down here`);
        const { progress: _, ...claim } = { ...this.#claim, ...change };
        const progress = this.#progress?.();
        this.#claim = { ...claim, ...(progress !== undefined && { progress }) };
        await this.#replace(signal);
      });
    } catch (error) {
      if (error instanceof LostClaimError) this.#lose(error);
      throw error;
    }
  }

  async #end(write: (signal: AbortSignal) => Promise<void>): Promise<void> {
    clearInterval(this.#timer);
    try {
      await this.#next((signal) => {
        this.#putDown = true;
        return write(signal);
      });
    } catch (error) {
      if (!(error instanceof LostClaimError)) throw error;
    }
  }

  #next(write: (signal: AbortSignal) => Promise<void>): Promise<void> {
    // AbortSignal.timeout throws on a fraction.
    const deadlineMs = Math.ceil(this.#timeoutMs / 3);
    const result = this.#writes.then(() => write(AbortSignal.timeout(deadlineMs)));
    this.#writes = result.catch(() => undefined);
    return result;
  }

  async #replace(signal: AbortSignal): Promise<void> {
    // Read before the write: the claim can't be fresher than this.
    const now = performance.now();
    let version = await this.#marker.replace(this.#id, this.#version, this.#claim, signal);
    if (version === undefined && (await this.#adopt(signal))) {
      version = await this.#marker.replace(this.#id, this.#version, this.#claim, signal);
    }
    if (version === undefined)
      throw new LostClaimError(`the claim of ${this.#id} was taken by another worker`);
    this.#version = version;
    this.#renewedAt = now;
  }

  /**
   * An earlier write of ours may have happened although its answer was lost. Then the record still bears our token and
   * our name, under a version that we don't know yet.
   */
  async #adopt(signal: AbortSignal): Promise<boolean> {
    const record = await this.#marker.read(this.#id, signal);
    if (record?.claim?.token !== this.#token || record.claim.holder !== this.#holder) return false;
    if (record.version === this.#version) return false;
    this.#version = record.version;
    return true;
  }
}
