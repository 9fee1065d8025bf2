import type { Scope } from "../../scope.js";
import type { TimeWindow } from "../../window.js";
import type { Digest, Digester } from "../digester.js";
import { checkWithin, readyAt } from "../flow-logs/scope.js";
import type { Source } from "../flow-logs/source.js";
import { type Plan, sourceOf } from "./plan.js";
import { Threads } from "./threads.js";

/**
 * A `FlowLogDigester` in threads of its own, which make graphs as well: so whoever answers callers doesn't wait for it, nor load what
 * reads flow logs. What it is asked besides, it knows itself.
 */
export class ThreadedDigester implements Digester {
  readonly #options: Plan["options"];
  readonly #source: Source;
  readonly #threads: Threads;

  constructor(plan: Plan) {
    this.#options = plan.options;
    this.#source = sourceOf(plan.place);
    this.#threads = new Threads(plan);
  }

  async start(): Promise<void> {
    await this.#source.start?.();
  }

  async stop(): Promise<void> {
    await this.#threads.stop();
    await this.#source.stop?.();
  }

  readyAt(window: TimeWindow): Date {
    return readyAt(window, this.#options.settleMs);
  }

  checkScope(scope: Scope): void {
    checkWithin(scope, this.#options);
  }

  async ready(signal: AbortSignal): Promise<void> {
    await this.#source.ready(signal);
  }

  digest(
    { id, startDate, stopDate, scope }: TimeWindow,
    signal: AbortSignal,
    making?: string,
  ): Promise<Digest> {
    return this.#threads.digest({ window: { id, startDate, stopDate, scope }, making }, signal);
  }
}
