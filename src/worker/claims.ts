import { randomUUID } from "node:crypto";
import { RetryLaterError } from "../errors.js";
import { Job } from "../job.js";
import type { Claim, ClaimRecord, Marker } from "../marker/marker.js";
import type { TimeWindow } from "../window.js";
import { HeldClaim } from "./held-claim.js";

/** What a claim tells somebody who asks for a graph that isn't there. */
export type Progress =
  | { readonly state: "in progress"; readonly notBefore: Date | undefined }
  | { readonly state: "failed"; readonly reason: string }
  | { readonly state: "none" };

export interface ClaimsOptions {
  /** Milliseconds after which a claim that nobody renewed is void. */
  readonly timeoutMs: number;
}

/** A race for one claim is decided by its winner; losing this often in a row means that the store is broken. */
const MAX_RACES = 10;

/**
 * One job a window: the rules by which claims are taken, read and handed on, over any store with compare-and-set.
 *
 *     absent ──request──▶ queued ──worker──▶ working ──stored──▶ absent
 *                            ▲                  │ ├──process stops──▶ free ──any worker──▶ working
 *                            └─ bus: may fail ──┘ └──failed for good──▶ failed ──request──▶ queued
 *
 * A claim that nobody renewed for the timeout counts as absent, whatever its state.
 */
export class Claims {
  readonly #marker: Marker;
  readonly #timeoutMs: number;
  /** Names this process in the claims it holds. */
  readonly #holder = randomUUID();

  constructor(marker: Marker, { timeoutMs }: ClaimsOptions) {
    this.#marker = marker;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * A queued claim also lives until its job may begin: a bus that is told to come back then renews nothing meanwhile.
   * `waitMs` was measured when the claim was written, so the store's clock alone decides.
   */
  #isFresh({ claim, ageMs }: ClaimRecord): boolean {
    const waitMs = claim?.state === "queued" ? (claim.waitMs ?? 0) : 0;
    return ageMs < this.#timeoutMs + waitMs;
  }

  async progress(window: TimeWindow, signal: AbortSignal): Promise<Progress> {
    const record = await this.#marker.read(window.id, signal);
    if (record === undefined) return { state: "none" };
    if (record.claim?.state !== "failed" && this.#isFresh(record)) {
      const notBefore = record.claim?.notBefore;
      return { state: "in progress", notBefore: notBefore === undefined ? undefined : new Date(notBefore) };
    }
    return record.claim?.reason === undefined
      ? { state: "none" }
      : { state: "failed", reason: record.claim.reason };
  }

  /** Takes the claim for a new request. Undefined when another one holds it. */
  async request(
    window: TimeWindow,
    refresh: boolean,
    notBefore: Date | undefined,
    signal: AbortSignal,
  ): Promise<HeldClaim | undefined> {
    const claim: Claim = {
      token: randomUUID(),
      start: window.start,
      stop: window.stop,
      refresh,
      state: "queued",
      ...wait(notBefore),
    };
    for (let race = 0; race < MAX_RACES; race++) {
      const record = await this.#marker.read(window.id, signal);
      if (record !== undefined && record.claim?.state !== "failed" && this.#isFresh(record)) return undefined;
      const held = await this.#write(window, record, claim, signal);
      if (held !== undefined) return held;
    }
    throw new Error(
      `the claim of ${window.id} was lost ${MAX_RACES} times in a row, and never to a live one`,
    );
  }

  /**
   * Takes the claim of a job that was delivered. Undefined when the job has nothing left to do: its claim has another
   * token by now, or failed for good, or it was a refresh whose claim is gone (claims are released after storing).
   *
   * @throws RetryLaterError while somebody else holds it
   */
  async work(job: Job, signal: AbortSignal): Promise<HeldClaim | undefined> {
    const { window, refresh } = job;
    for (let race = 0; race < MAX_RACES; race++) {
      const record = await this.#marker.read(window.id, signal);
      if (record === undefined && refresh && job.claim !== undefined) return undefined;
      const found = record?.claim ?? undefined;
      const same = job.claim === undefined || found === undefined || found.token === job.claim;
      if (record !== undefined && this.#isFresh(record)) {
        if (!same || (found?.state === "failed" && job.claim !== undefined)) return undefined;
        if (found === undefined || found.state === "working") {
          throw new RetryLaterError("another worker holds this job", this.#timeoutMs - record.ageMs);
        }
      }
      const held = await this.#write(
        window,
        record,
        {
          token: (same ? found?.token : undefined) ?? job.claim ?? randomUUID(),
          start: window.start,
          stop: window.stop,
          refresh: refresh || (same && found?.refresh === true),
          state: "working",
          holder: this.#holder,
          ...(found?.reason !== undefined && { reason: found.reason }),
        },
        signal,
      );
      if (held !== undefined) return held;
    }
    throw new RetryLaterError("other workers keep taking this job", this.#timeoutMs);
  }

  /** Jobs of which nobody takes care: their claim was handed back, or was not renewed in time. */
  async *abandoned(signal: AbortSignal): AsyncGenerator<Job> {
    for await (const { id } of this.#marker.list(signal)) {
      const record = await this.#marker.read(id, signal);
      // A failed one waits for a request, and what the Go service left doesn't say what to do.
      if (!record?.claim || record.claim.state === "failed") continue;
      if (record.claim.state !== "free" && this.#isFresh(record)) continue;
      const { token, start, stop, refresh } = record.claim;
      const job = Job.safeParse({ id, start, stop, refresh, claim: token });
      if (job.success) yield job.data;
    }
  }

  async #write(
    window: TimeWindow,
    record: ClaimRecord | undefined,
    claim: Claim,
    signal: AbortSignal,
  ): Promise<HeldClaim | undefined> {
    const version =
      record === undefined
        ? await this.#marker.create(window.id, claim, signal)
        : await this.#marker.replace(window.id, record.version, claim, signal);
    if (version === undefined) return undefined;
    return new HeldClaim(this.#marker, window.id, claim, version, this.#timeoutMs);
  }
}

/** How a claim says that its job can't begin before some time. */
export function wait(notBefore: Date | undefined): Pick<Claim, "notBefore" | "waitMs"> {
  const waitMs = notBefore === undefined ? 0 : notBefore.getTime() - Date.now();
  return notBefore !== undefined && waitMs > 0 ? { notBefore: notBefore.toISOString(), waitMs } : {};
}
