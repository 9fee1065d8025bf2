import type { Claim, Marker } from "../marker/marker.js";
import type { GraphId } from "../window.js";

/** The claim isn't ours any more: whoever has it now does the job. */
export class LostClaimError extends Error {
  override name = "LostClaimError";
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
  readonly #holder: string | undefined;
  #claim: Claim;
  #version: string;
  #renewedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #renewing = false;
  #putDown = false;
  #writes: Promise<unknown> = Promise.resolve();

  constructor(marker: Marker, id: GraphId, claim: Claim, version: string, timeoutMs: number) {
    this.#marker = marker;
    this.#id = id;
    this.#claim = claim;
    this.#holder = claim.holder;
    this.#version = version;
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

  /**
   * Renews the claim now: from here on it is fresh for the timeout.
   *
   * @throws LostClaimError when it isn't ours any more
   */
  async confirm(): Promise<void> {
    await this.#write({});
  }

  /** Says when the job may begin, and goes on holding it. */
  async postpone(notBefore: Pick<Claim, "notBefore" | "waitMs">): Promise<void> {
    await this.#write(notBefore);
  }

  /** Nothing is left to do: removes the claim. A claim that was taken meanwhile is its new owner's, and stays. */
  async release(): Promise<void> {
    await this.#end(async (signal) => {
      if (await this.#marker.remove(this.#id, this.#version, signal)) return;
      if (await this.#adopt(signal)) await this.#marker.remove(this.#id, this.#version, signal);
    });
  }

  /** Leaves the claim to others: `free` for any worker, `queued` for one that has the job, `failed` for the next request. */
  async leave(
    state: "free" | "queued" | "failed",
    { reason, ...more }: Pick<Claim, "reason" | "notBefore" | "waitMs"> = {},
  ): Promise<void> {
    await this.#end(async (signal) => {
      const { holder: _, notBefore: __, waitMs: ___, ...rest } = this.#claim;
      this.#claim = { ...rest, state, ...(reason !== undefined && { reason }), ...more };
      await this.#replace(signal);
    });
  }

  #renew(): void {
    const isLate = () => performance.now() - this.#renewedAt >= this.#timeoutMs;
    const giveUp = (cause?: unknown) => {
      this.#lose(new LostClaimError("the claim could not be renewed in time", { cause }));
    };
    // The process was paused, or the store hangs in spite of the deadline: somebody else may have the claim by now.
    if (isLate()) giveUp();
    if (isLate() || this.#renewing) return;
    this.#renewing = true;
    void this.confirm()
      .catch((error: unknown) => {
        if (isLate()) giveUp(error);
      })
      .finally(() => {
        this.#renewing = false;
      });
  }

  #lose(error: LostClaimError): void {
    clearInterval(this.#timer);
    this.#lost.abort(error);
  }

  async #write(change: Partial<Claim>): Promise<void> {
    try {
      await this.#next(async (signal) => {
        if (this.#putDown) throw new LostClaimError(`the claim of ${this.#id} was put down here`);
        this.#claim = { ...this.#claim, ...change };
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
    if (record?.claim?.token !== this.#claim.token || record.claim.holder !== this.#holder) return false;
    if (record.version === this.#version) return false;
    this.#version = record.version;
    return true;
  }
}
