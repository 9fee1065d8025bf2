import { isDeepStrictEqual } from "node:util";
import type { Claim, ClaimRecord } from "../../src/marker/marker.js";
import { TIMEOUT_MS } from "../support/processes.js";

/**
 * What CLAIMS.md promises, as a judge of what happens to one claim and its graph. It knows nothing of how the promises are
 * kept: it sees each write with what was there before and after, and who wrote.
 */
export class ClaimsModel<Process extends object> {
  readonly violations: string[] = [];
  /** Who wrote each holder's name first. */
  readonly #owners = new Map<string, Process>();
  /** What each of them took over. */
  readonly #before = new Map<string, Claim | undefined>();
  /** Tokens of jobs that a queue has taken. */
  readonly #queued = new Set<string | undefined>();

  /** A queue has a job. */
  queued(token: string | undefined): void {
    this.#queued.add(token);
  }

  /** A process tried to write over, or remove, the record of a version. */
  written(
    by: Process,
    version: string | undefined,
    before: ClaimRecord | undefined,
    after: ClaimRecord | undefined,
  ): void {
    if (after?.version === before?.version) return;
    const [was, is] = [before?.claim ?? undefined, after?.claim ?? undefined];
    if (version !== before?.version) this.#violated(1, "a record was replaced by who hadn't seen it");
    if (before && was && isFresh(before) && !this.#owns(by, was)) {
      const begun = is?.state === "working" && is.token === was.token;
      const isFree = was.state === "failed" || (begun && was.state !== "working");
      if (!isFree) this.#violated(2, `a fresh ${was.state} claim of somebody else became ${is?.state}`);
    }
    if (before && isFresh(before) && was?.state === "working" && is?.state === "working") {
      if (was.holder !== is.holder) this.#violated(2, "two workers hold one claim");
    }
    const isGivenBack = is === undefined || is.agedMs !== undefined;
    if (was?.state === "queued" && this.#owns(by, was) && isGivenBack) {
      const owed = this.#before.get(was.holder ?? "");
      if (!isDeepStrictEqual(ageless(is), ageless(owed)))
        this.#violated(9, `a request that was refused left ${is?.state} of ${owed?.state}`);
    }
    if (is?.state === "queued" && is.agedMs === undefined && is.waitMs && !this.#queued.has(is.token)) {
      this.#violated(12, "a claim lives long though no queue has its job");
    }
    if (is?.holder !== undefined && !this.#owners.has(is.holder)) {
      this.#owners.set(is.holder, by);
      this.#before.set(is.holder, was);
    }
  }

  /** A process is about to let its graph appear. */
  storing(by: Process, record: ClaimRecord | undefined): void {
    const claim = record?.claim;
    if (!record || !isFresh(record) || claim?.state !== "working" || !this.#owns(by, claim)) {
      this.#violated(6, "a graph appears without a claim");
    }
  }

  /** @param seen the graph that was there when the attempt at the new one began */
  stored(there: string | undefined, seen: string | undefined): void {
    if (there !== seen) this.#violated(7, "a graph replaced one that its attempt hadn't seen");
  }

  /** Somebody has just looked for jobs that nobody takes care of, and nothing is under way. */
  surveyed(record: ClaimRecord | undefined, hadTime: boolean): void {
    const state = record?.claim?.state;
    const isLeft = state !== undefined && state !== "failed";
    if (state === "free" || (hadTime && isLeft)) this.#violated(10, `nobody took up a ${state} claim`);
  }

  #owns(process: Process, { holder }: Claim): boolean {
    return holder !== undefined && this.#owners.get(holder) === process;
  }

  #violated(promise: number, how: string): void {
    this.violations.push(`${promise}: ${how}`);
  }
}

function isFresh({ claim, ageMs }: ClaimRecord): boolean {
  const waitMs = claim?.state === "queued" ? (claim.waitMs ?? 0) : 0;
  return ageMs + (claim?.agedMs ?? 0) < TIMEOUT_MS + waitMs;
}

function ageless(claim: Claim | undefined): Omit<Claim, "agedMs"> | undefined {
  if (claim === undefined) return undefined;
  const { agedMs: _, ...rest } = claim;
  return rest;
}
