import { randomUUID } from "node:crypto";
import { RetryLaterError } from "../errors.js";
import { Job } from "../job.js";
import type { Claim, ClaimRecord, Marker } from "../marker/marker.js";
import type { GraphRef, TimeWindow } from "../window.js";
import { type Condition, conditionOf, deliveryOf, freshForMs, reasonOf, RULES } from "./claim-rules.js";
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

/** How long it may take to see whether a write that failed happened. */
const READ_BACK_MS = 5000;

/**
 * One job a window: how claims are taken, read and handed on, over any store with compare-and-set. What may happen to a
 * claim is in `claim-rules.ts`, what always holds in CLAIMS.md.
 */
export class Claims {
  readonly #marker: Marker;
  readonly #timeoutMs: number;
  /** Versions of records that nobody is to take up, seen by the last survey: they aren't read again. */
  #settled: ReadonlySet<string> = new Set();

  constructor(marker: Marker, { timeoutMs }: ClaimsOptions) {
    this.#marker = marker;
    this.#timeoutMs = timeoutMs;
  }

  async progress(window: TimeWindow, signal: AbortSignal): Promise<Progress> {
    const record = await this.#marker.read(window.id, signal);
    const tells = RULES[conditionOf(record, this.#timeoutMs)].look;
    if (tells === "none") return { state: "none" };
    if (tells === "reason") return { state: "failed", reason: reasonOf(record?.claim) };
    const notBefore = record?.claim?.notBefore;
    return { state: "in progress", notBefore: notBefore === undefined ? undefined : new Date(notBefore) };
  }

  /** The claim as it is, and what that is to others. */
  async status(
    { id }: GraphRef,
    signal: AbortSignal,
  ): Promise<{ readonly condition: Condition; readonly claim: Claim | null | undefined }> {
    const record = await this.#marker.read(id, signal);
    return { condition: conditionOf(record, this.#timeoutMs), claim: record?.claim };
  }

  /** Takes the claim for a new request. Undefined when another one holds it. */
  async request(
    window: TimeWindow,
    refresh: boolean,
    notBefore: Date | undefined,
    signal: AbortSignal,
    requestId?: string,
  ): Promise<HeldClaim | undefined> {
    const claim: Claim = {
      token: randomUUID(),
      ...spanOf(window),
      refresh,
      state: "queued",
      holder: randomUUID(),
      ...(requestId !== undefined && { requestId }),
      ...timesOf(notBefore),
    };
    for (let race = 0; race < MAX_RACES; race++) {
      const record = await this.#marker.read(window.id, signal);
      const condition = conditionOf(record, this.#timeoutMs);
      if (RULES[condition].request === "refuse") return undefined;
      // An abandoned job that was asked for as a refresh is still owed one.
      const owed = condition === "abandoned" && record?.claim?.refresh === true;
      const held = await this.#write(window, record, { ...claim, refresh: refresh || owed }, signal);
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
      const found = record?.claim ?? undefined;
      const rules = RULES[conditionOf(record, this.#timeoutMs)];
      switch (rules[deliveryOf(job, found)]) {
        case "nothing":
          return undefined;
        case "later":
          throw new RetryLaterError("another worker holds this job", this.#timeoutMs - (record?.ageMs ?? 0));
        case "take":
      }
      const requestId = found?.requestId ?? job.requestId;
      const held = await this.#write(
        window,
        record,
        {
          token: job.claim ?? found?.token ?? randomUUID(),
          ...spanOf(window),
          // Asked for by whomever: once the claim is gone, the job of another request has nothing left to do.
          refresh: refresh || found?.refresh === true,
          state: "working",
          holder: randomUUID(),
          ...(requestId !== undefined && { requestId }),
          ...(found?.reason !== undefined && { reason: found.reason }),
        },
        signal,
      );
      if (held !== undefined) return held;
    }
    throw new RetryLaterError("other workers keep taking this job", this.#timeoutMs);
  }

  /**
   * Takes the claim to remove a graph or to tell of its findings, so that nobody makes it meanwhile. Undefined where somebody makes
   * it, owes it, or holds it.
   */
  async hold(ref: GraphRef, signal: AbortSignal): Promise<HeldClaim | undefined> {
    const record = await this.#marker.read(ref.id, signal);
    if (RULES[conditionOf(record, this.#timeoutMs)].hold === "refuse") return undefined;
    const claim: Claim = {
      token: randomUUID(),
      ...spanOf(ref),
      refresh: false,
      state: "held",
      holder: randomUUID(),
    };
    return this.#write(ref, record, claim, signal);
  }

  /** Every job that isn't done, and in how many milliseconds anybody may take it up: 0 or less is now. */
  async *unfinished(signal: AbortSignal): AsyncGenerator<{ job: Job; abandonedInMs: number }> {
    const settled = new Set<string>();
    for await (const { id, version } of this.#marker.list(signal)) {
      const record = this.#settled.has(version) ? undefined : await this.#marker.read(id, signal);
      if (record === undefined) {
        if (this.#settled.has(version)) settled.add(version);
        continue;
      }
      const condition = conditionOf(record, this.#timeoutMs);
      const { survey } = RULES[condition];
      if (survey === "settled" || record.claim === null) {
        settled.add(record.version);
        continue;
      }
      const { token, refresh } = record.claim;
      const job = Job.safeParse({ id, ...spanOf(record.claim), refresh, claim: token });
      if (!job.success) continue;
      yield { job: job.data, abandonedInMs: survey === "take" ? 0 : freshForMs(record, this.#timeoutMs) };
    }
    this.#settled = settled;
  }

  async #write(
    window: Pick<TimeWindow, "id">,
    record: ClaimRecord | undefined,
    claim: Claim,
    signal: AbortSignal,
  ): Promise<HeldClaim | undefined> {
    const writtenAt = performance.now();
    let version: string | undefined;
    try {
      version =
        record === undefined
          ? await this.#marker.create(window.id, claim, signal)
          : await this.#marker.replace(window.id, record.version, claim, signal);
    } catch (error) {
      version = await this.#versionOf(window, claim);
      if (version === undefined) throw error;
    }
    if (version === undefined) return undefined;
    return new HeldClaim(
      this.#marker,
      { id: window.id, claim, version, before: record, writtenAt },
      this.#timeoutMs,
    );
  }

  /** The version of a claim whose writing failed, for the write may have happened all the same. Its holder is unique. */
  async #versionOf({ id }: Pick<TimeWindow, "id">, { holder }: Claim): Promise<string | undefined> {
    try {
      const record = await this.#marker.read(id, AbortSignal.timeout(READ_BACK_MS));
      return record?.claim?.holder === holder ? record?.version : undefined;
    } catch {
      // The first failure says more.
      return undefined;
    }
  }
}

/** What a claim says of its window. */
function spanOf({ start, stop, scope }: Omit<GraphRef, "id">): Pick<Claim, "start" | "stop" | "scope"> {
  return { start, stop, ...(scope !== undefined && { scope }) };
}

/**
 * How a claim says that its job waits.
 *
 * @param notBefore when it may begin
 * @param queuedMs how much longer than the timeout it may lie in a queue after that
 */
export function timesOf(notBefore: Date | undefined, queuedMs = 0): Pick<Claim, "notBefore" | "waitMs"> {
  const ms = notBefore === undefined ? 0 : Math.max(0, notBefore.getTime() - Date.now());
  return {
    ...(notBefore !== undefined && ms > 0 && { notBefore: notBefore.toISOString() }),
    ...(ms + queuedMs > 0 && { waitMs: ms + queuedMs }),
  };
}
