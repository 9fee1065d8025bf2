import { performance } from "node:perf_hooks";
import { CorruptInputError, DependencyError } from "./errors.js";
import type { Digester } from "./digester/digester.js";
import { convert } from "./graph/convert.js";
import type { GraphStats } from "./graph/stats.js";
import type { Job } from "./job.js";
import type { Marker } from "./marker/marker.js";
import type { BoundAddress, Module } from "./module.js";
import type { Queuer } from "./queuer/queuer.js";
import { startModules } from "./startup.js";
import type { GraphInfo, Storage, StoredGraph } from "./storage/storage.js";
import {
  instrumentDigester,
  instrumentMarker,
  instrumentQueuer,
  instrumentStorage,
} from "./telemetry/instrument.js";
import { type Logger, silent } from "./telemetry/log.js";
import { noStats, type Stats } from "./telemetry/stats.js";
import type { TimeWindow } from "./window.js";
import { Claims } from "./worker/claims.js";
import type { HeldClaim } from "./worker/held-claim.js";
import { JobReport } from "./worker/job-report.js";
import { Sweeper } from "./worker/sweeper.js";
import { Worker } from "./worker/worker.js";

export interface Modules {
  readonly storage: Storage;
  readonly marker: Marker;
  readonly queuer: Queuer;
  readonly digester: Digester;
}

/** Times are milliseconds, sizes bytes. */
export interface ServiceSettings {
  readonly progressTimeoutMs: number;
  readonly maxWindowMs: number;
  readonly digestMaxBytes: number;
  readonly workerConcurrency: number;
  readonly workerQueueLimit: number;
  readonly workerRetries: number;
  readonly workerRetryDelayMs: number;
  readonly shutdownTimeoutMs: number;
}

export type RequestOutcome =
  | { readonly state: "queued"; readonly notBefore: Date | undefined }
  | { readonly state: "exists" }
  | { readonly state: "in progress" };

export type Missing =
  | { readonly state: "in progress"; readonly notBefore: Date | undefined }
  | { readonly state: "absent"; readonly reason: string | undefined };

export type Found<Graph extends GraphInfo> = { readonly state: "stored"; readonly graph: Graph };

/** What became of a job that ran. */
type Produced = Readonly<GraphStats> | "exists";

/** How long storage, marker and queuer may take over one call of an API request. */
const REQUEST_DEADLINE_MS = 30_000;

/** What a failed job tells callers: the kind of failure and what they can do; the detail is in the log. */
function explain(error: unknown): string {
  if (error instanceof CorruptInputError) {
    return "its flow logs can't be read: malformed, incomplete or too large; ask again when they have been mended";
  }
  if (error instanceof DependencyError) {
    const did = error.timedOut ? "did not answer in time" : "failed";
    return `the ${error.dependency} ${did}; ask again later`;
  }
  return "an unexpected failure; ask again later";
}

/**
 * The heart: answers requests for graphs and works the jobs that make them. It knows its modules by their ports alone,
 * and nothing of HTTP.
 */
export class Service {
  readonly settings: ServiceSettings;
  readonly #modules: Modules;
  readonly #claims: Claims;
  readonly #worker: Worker<Produced>;
  readonly #started: Module[] = [];
  /** Modules that were not waited for, with why they can't serve yet. */
  #late: ReadonlyMap<keyof Modules, unknown> = new Map();
  readonly #sweeper: Sweeper;
  #stopped: Promise<void> | undefined;
  #log: Logger = silent;
  #stats: Stats = noStats;
  #report = new JobReport(silent, noStats);

  constructor(modules: Modules, settings: ServiceSettings) {
    this.settings = settings;
    const stats = () => this.#stats;
    this.#modules = {
      storage: instrumentStorage(modules.storage, stats),
      marker: instrumentMarker(modules.marker, stats),
      queuer: instrumentQueuer(modules.queuer, stats),
      digester: instrumentDigester(modules.digester, stats),
    };
    this.#claims = new Claims(this.#modules.marker, { timeoutMs: settings.progressTimeoutMs });
    this.#worker = new Worker({
      concurrency: settings.workerConcurrency,
      queueLimit: settings.workerQueueLimit,
      retries: settings.workerRetries,
      retryDelayMs: settings.workerRetryDelayMs,
      claims: this.#claims,
      readyAt: ({ window }) => this.#readyAt(window),
      attempt: (job, claim, signal) => this.#attempt(job, claim, signal),
      explain,
      onFailure: (job, error, last) => this.#report.failed(job, error, last),
    });
    this.#sweeper = new Sweeper({
      claims: this.#claims,
      timeoutMs: settings.progressTimeoutMs,
      worker: this.#worker,
      onTakenUp: ({ window }) => this.#log.info({ graphId: window.id }, "job-taken-up"),
      onFailure: (error) => this.#reportMarker(error, "abandoned jobs could not be taken up"),
    });
  }

  /** What jobs that come back from this process's own queuer are known by. */
  get loopbackToken(): string | undefined {
    return this.#modules.queuer.loopbackToken;
  }

  /** Where events are logged, and statistics kept, from now on. */
  observe({ logger = this.#log, stats = this.#stats }: { logger?: Logger; stats?: Stats }): void {
    this.#log = logger;
    this.#stats = stats;
    this.#report = new JobReport(logger, stats);
  }

  /** Jobs in process. */
  get load(): { working: number; waiting: number } {
    const { size, working } = this.#worker;
    // A job that takes its claim has neither a slot nor the wish for one.
    return { working, waiting: Math.max(0, size - working) };
  }

  /**
   * Starts the modules. When one fails, those before it are stopped again and its error is thrown. One that doesn't answer
   * is not waited for: `ready` names it until it has started.
   */
  async start(): Promise<void> {
    const { storage, marker, digester, queuer } = this.#modules;
    try {
      this.#late = await startModules(
        [
          ["storage", storage],
          ["marker", marker],
          ["digester", digester],
          ["queuer", queuer],
        ],
        (module) => this.#started.push(module),
      );
    } catch (error) {
      // Why it did not start says more than how it stopped.
      await this.stop().catch(() => undefined);
      throw error;
    }
  }

  /**
   * To be called once jobs can be delivered: takes up jobs that nobody takes care of, now and ever again, when the
   * queue is this process's own. A bus does that by itself.
   */
  listening(address: BoundAddress): void {
    for (const module of this.#started) module.listening?.(address);
    if (this.#modules.queuer.local === true) this.#sweeper.start();
  }

  /** Takes no more jobs, gives the running ones the shutdown timeout, frees the others, then stops the modules. */
  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      // The worker first: its refusal ends a sweep that is about to take up a job.
      await Promise.all([this.#worker.stop(this.settings.shutdownTimeoutMs), this.#sweeper.stop()]);
      const failures: unknown[] = [];
      for (const module of this.#started.toReversed()) {
        try {
          await module.stop?.();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, "modules did not stop as they should");
    })();
    return this.#stopped;
  }

  /** Asks every module whether it could serve now. Only those that can't are named, with why. */
  async ready(signal: AbortSignal): Promise<Map<keyof Modules, unknown>> {
    const failures = new Map<keyof Modules, unknown>();
    const names = ["storage", "marker", "queuer", "digester"] as const;
    // A module that heeds no signal isn't waited for.
    const late = new Promise<never>((_, reject) => {
      const abort = () => reject(new Error("no answer in time", { cause: signal.reason }));
      signal.addEventListener("abort", abort, { once: true });
    });
    late.catch(() => undefined);
    await Promise.all(
      names.map(async (name) => {
        try {
          if (this.#late.has(name)) throw this.#late.get(name);
          await Promise.race([this.#modules[name].ready?.(signal), late]);
        } catch (error) {
          failures.set(name, error);
        }
      }),
    );
    return failures;
  }

  /**
   * Has a graph made, unless it is there or being made. With `refresh`, it is made again; the old one is served until
   * the new one replaces it. The request's id is kept with the job, for its log events.
   *
   * @throws RetryLaterError when the queue is full
   * @throws DependencyError
   */
  async request(window: TimeWindow, refresh: boolean, requestId?: string): Promise<RequestOutcome> {
    const signal = AbortSignal.timeout(REQUEST_DEADLINE_MS);
    const exists = async () =>
      !refresh && (await this.#modules.storage.head(window.id, signal)) !== undefined;
    if (await exists()) return { state: "exists" };
    const notBefore = this.#readyAt(window);
    const claim = await this.#claims.request(window, refresh, notBefore, signal, requestId);
    if (claim === undefined) return { state: "in progress" };
    try {
      // A job that ended between the two look-ups left a graph and took its claim away.
      if (await exists()) {
        await this.#giveBack(claim);
        return { state: "exists" };
      }
      await this.#modules.queuer.queue({ window, refresh, claim: claim.claim.token }, signal);
    } catch (error) {
      await this.#giveBack(claim);
      throw error;
    }
    return { state: "queued", notBefore };
  }

  /** A claim that can't be given back lapses. */
  async #giveBack(claim: HeldClaim): Promise<void> {
    await claim
      .release()
      .catch((error: unknown) => this.#reportMarker(error, "a claim could not be given back"));
  }

  /** The graph, to be read or destroyed by the caller, or why there is none. The signal governs the body as well. */
  async fetch(window: TimeWindow, signal: AbortSignal): Promise<Found<StoredGraph> | Missing> {
    return this.#find(window, signal, () => this.#modules.storage.get(window.id, signal));
  }

  /** As fetch, without the body. */
  async describe(window: TimeWindow, signal: AbortSignal): Promise<Found<GraphInfo> | Missing> {
    return this.#find(window, signal, () => this.#modules.storage.head(window.id, signal));
  }

  /**
   * Works a job to its end, for a deliverer that waits for it.
   *
   * @returns false when it had nothing left to do
   * @throws RetryLaterError, CorruptInputError, DependencyError
   */
  async produce(job: Job): Promise<boolean> {
    const result = await this.#worker.run(job);
    return result !== undefined && result !== "exists";
  }

  /**
   * Takes a job over: from here on it ends as a graph or as a reason.
   *
   * @throws RetryLaterError, DependencyError when it could not be taken
   */
  async accept(job: Job): Promise<void> {
    await this.#worker.accept(job);
  }

  #readyAt(window: TimeWindow): Date | undefined {
    const date = this.#modules.digester.readyAt?.(window);
    return date !== undefined && date.getTime() > Date.now() ? date : undefined;
  }

  async #find<Graph extends GraphInfo>(
    window: TimeWindow,
    signal: AbortSignal,
    look: () => Promise<Graph | undefined>,
  ): Promise<Found<Graph> | Missing> {
    const graph = await look();
    if (graph !== undefined) return { state: "stored", graph };
    const progress = await this.#claims.progress(window, signal);
    if (progress.state === "in progress") return progress;
    if (progress.state === "failed") return { state: "absent", reason: progress.reason };
    // A job that ended in between left a graph and took its claim away.
    const late = await look();
    return late === undefined ? { state: "absent", reason: undefined } : { state: "stored", graph: late };
  }

  async #attempt(job: Job, claim: HeldClaim, signal: AbortSignal): Promise<Produced> {
    const { window } = job;
    const { storage, digester } = this.#modules;
    if (!claim.claim.refresh && (await storage.head(window.id, signal)) !== undefined) return "exists";
    const began = performance.now();
    this.#report.started(job);
    const digest = await digester.digest(window, signal);
    const { body, stats } = convert(digest.body, {
      maxDigestBytes: this.settings.digestMaxBytes,
      // The graph doesn't end before the claim is known to be ours still.
      beforeEnd: () => claim.confirm(),
      signal,
    });
    await storage.store(window.id, body, signal);
    this.#report.finished(job, performance.now() - began, stats, digest);
    return stats;
  }

  #reportMarker(error: unknown, reason: string): void {
    this.#log.error({ dependency: "marker", error, reason }, "dependency-failure");
  }
}
