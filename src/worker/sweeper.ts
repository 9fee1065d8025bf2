import { setTimeout as delay } from "node:timers/promises";
import { RetryLaterError } from "../errors.js";
import type { Job } from "../job.js";
import { Background } from "./background.js";
import type { Claims } from "./claims.js";

export interface SweeperOptions {
  readonly claims: Claims;
  /** The claims' timeout, in milliseconds. */
  readonly timeoutMs: number;
  readonly worker: { readonly full: boolean; accept(job: Job): Promise<boolean> };
  readonly onTakenUp: (job: Job) => void;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Takes up jobs that nobody takes care of: their claim was handed back, or its holder was killed. It looks at least
 * twice a timeout, and again as soon as a claim that it has seen lapses.
 */
export class Sweeper extends Background {
  readonly #options: SweeperOptions;

  constructor(options: SweeperOptions) {
    super();
    this.#options = options;
  }

  protected async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const ms = await this.#sweep(signal);
      await delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Milliseconds until the next look is due. */
  async #sweep(signal: AbortSignal): Promise<number> {
    const { claims, timeoutMs, worker, onTakenUp, onFailure } = this.#options;
    let dueMs = timeoutMs / 2;
    try {
      for await (const { job, abandonedInMs } of claims.unfinished(signal)) {
        if (abandonedInMs > 0) dueMs = Math.min(dueMs, abandonedInMs);
        else if (worker.full) break;
        else if (await taken(worker.accept(job))) onTakenUp(job);
      }
    } catch (error) {
      if (!signal.aborted) onFailure(error);
    }
    // Many claims that lapse one after the other don't have the store listed for each.
    return Math.max(dueMs, timeoutMs / 60);
  }
}

/** False when nothing was left to do, or somebody else was faster: then it is taken care of. */
async function taken(acceptance: Promise<boolean>): Promise<boolean> {
  try {
    return await acceptance;
  } catch (error) {
    if (error instanceof RetryLaterError) return false;
    throw error;
  }
}
