import { uninterrupted } from "../deadline.js";
import type { Queuer } from "../queuer/queuer.js";
import type { Storage } from "../storage/storage.js";
import type { TimeWindow } from "../window.js";
import { type Claims, timesOf } from "./claims.js";
import type { GraphList } from "./graph-list.js";
import { type HeldClaim, LostClaimError } from "./held-claim.js";

export type RequestOutcome =
  | { readonly state: "queued"; readonly notBefore: Date | undefined }
  | { readonly state: "exists" }
  | { readonly state: "in progress" };

export interface RequestsOptions {
  readonly storage: Storage;
  readonly queuer: Queuer;
  readonly claims: Claims;
  readonly list: GraphList;
  /** How much longer a claim lives while its job lies in a queue, in milliseconds. */
  readonly queuedMs: () => number;
  readonly readyAt: (window: TimeWindow) => Date | undefined;
  /** A claim could not be given back, or be kept for long: it lapses. */
  readonly onClaimFailure: (error: unknown, reason: string) => void;
}

/** Has graphs made: one job a window, whoever asks for it. */
export class Requests {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** As `Service.request`. */
  async request(window: TimeWindow, refresh: boolean, requestId?: string): Promise<RequestOutcome> {
    const { storage, queuer, claims, list, readyAt } = this.#options;
    // Each of the modules' calls has a deadline.
    const signal = uninterrupted();
    const exists = async () => {
      const graph = refresh ? undefined : await storage.head(window.id, signal);
      if (graph !== undefined) list.met(window, graph);
      return graph !== undefined;
    };
    if (await exists()) return { state: "exists" };
    const notBefore = readyAt(window);
    const claim = await claims.request(window, refresh, notBefore, signal, requestId);
    if (claim === undefined) return { state: "in progress" };
    try {
      // A job that ended between the two look-ups left a graph and took its claim away.
      if (await exists()) {
        await this.#giveBack(claim);
        return { state: "exists" };
      }
      const { token, refresh: owed } = claim.claim;
      await queuer.queue({ window, refresh: owed, claim: token }, signal, notBefore);
    } catch (error) {
      await this.#giveBack(claim);
      throw error;
    }
    // Only now: when this process is killed before, the claim of a job that nobody will deliver lapses soon.
    await this.#keepQueued(claim, notBefore);
    return { state: "queued", notBefore };
  }

  /**
   * Whichever process is first: what another one has asked for, and what has failed just now, isn't asked for again.
   *
   * @returns whether this one has
   */
  async requestOnce(window: TimeWindow): Promise<boolean> {
    const { condition } = await this.#options.claims.status(window, uninterrupted());
    if (condition !== "absent" && condition !== "abandoned" && !condition.endsWith("lapsed")) return false;
    return (await this.request(window, false)).state === "queued";
  }

  /** One that a worker has already is kept by that. */
  async #keepQueued(claim: HeldClaim, notBefore: Date | undefined): Promise<void> {
    const queuedMs = this.#options.queuedMs();
    if (queuedMs === 0) return;
    try {
      await claim.postpone(timesOf(notBefore, queuedMs));
    } catch (error) {
      if (error instanceof LostClaimError) return;
      this.#options.onClaimFailure(error, "a claim could not be kept for long");
    }
  }

  async #giveBack(claim: HeldClaim): Promise<void> {
    try {
      await claim.giveBack();
    } catch (error) {
      this.#options.onClaimFailure(error, "a claim could not be given back");
    }
  }
}
