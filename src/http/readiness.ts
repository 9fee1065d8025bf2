import type { Modules, Service } from "../service.js";

const DEADLINE_MS = 2000;
const CACHE_MS = 1000;

type Failures = ReadonlyMap<keyof Modules, unknown>;

/** Asks the modules whether they could serve, once for all who want to know within a second. */
export class Readiness {
  readonly #service: Service;
  readonly #onFailure: (module: keyof Modules, error: unknown) => void;
  #latest: { readonly failures: Promise<Failures>; endedAt: number } | undefined;

  /** `onFailure` is told why, once a check. */
  constructor(service: Service, onFailure: (module: keyof Modules, error: unknown) => void) {
    this.#service = service;
    this.#onFailure = onFailure;
  }

  /** The modules that don't answer in time, or say that they can't serve. */
  async failing(): Promise<readonly (keyof Modules)[]> {
    if (this.#latest === undefined || performance.now() - this.#latest.endedAt > CACHE_MS) {
      const latest = { failures: this.#check(), endedAt: Number.POSITIVE_INFINITY };
      this.#latest = latest;
      await latest.failures;
      latest.endedAt = performance.now();
    }
    return [...(await this.#latest.failures).keys()];
  }

  async #check(): Promise<Failures> {
    const failures = await this.#service.ready(AbortSignal.timeout(DEADLINE_MS));
    for (const [module, error] of failures) this.#onFailure(module, error);
    return failures;
  }
}
