import { type Answer, Answers } from "./answer/answers.js";
import type { Deliver, Deliverer, Fate } from "./deliverer.js";
import type { Digester } from "./digester/digester.js";
import { CorruptInputError, messageOf, RetryLaterError } from "./errors.js";
import { explain } from "./explain.js";
import { sentenceOf, withoutQuotation } from "./invalid-input.js";
import { Job } from "./job.js";
import type { Marker } from "./marker/marker.js";
import type { BoundAddress, Module } from "./module.js";
import type { Queuer } from "./queuer/queuer.js";
import { ScopeError } from "./scope-parts.js";
import type { ServiceSettings } from "./service-settings.js";
import { startModules } from "./startup.js";
import type { GraphInfo, Storage, StoredGraph } from "./storage/storage.js";
import { type Found, type Missing, StoredGraphs, type Unanswered } from "./stored-graphs.js";
import {
  instrumentDigester,
  instrumentMarker,
  instrumentQueuer,
  instrumentStorage,
} from "./telemetry/instrument.js";
import { type Logger, silent } from "./telemetry/log.js";
import { noStats, type Stats } from "./telemetry/stats.js";
import { type TimeWindow, WindowError } from "./window.js";
import { type Announcements, Announcer } from "./worker/announcer.js";
import { Attempts } from "./worker/attempts.js";
import type { Background } from "./worker/background.js";
import { Claims } from "./worker/claims.js";
import { GraphList, type ListedPage, type ListQuery } from "./worker/graph-list.js";
import { JobReport } from "./worker/job-report.js";
import { type GraphProgress, progressOf } from "./worker/progress.js";
import { type RequestOutcome, Requests } from "./worker/requests.js";
import { Retention } from "./worker/retention.js";
import { Schedule } from "./worker/schedule.js";
import { Sweeper } from "./worker/sweeper.js";
import { Worker } from "./worker/worker.js";

export interface Modules {
  readonly storage: Storage;
  readonly marker: Marker;
  readonly queuer: Queuer;
  readonly digester: Digester;
}

/**
 * The heart: answers requests for graphs and works the jobs that make them. It knows its modules by their ports alone,
 * and nothing of HTTP.
 */
export class Service {
  readonly settings: ServiceSettings;
  readonly #modules: Modules;
  readonly #claims: Claims;
  readonly #requests: Requests;
  readonly #attempts: Attempts;
  readonly #worker: Worker<boolean>;
  readonly #started: Module[] = [];
  /** Modules that were not waited for, with why they can't serve yet. */
  #late: ReadonlyMap<keyof Modules, unknown> = new Map();
  readonly #stopping = new AbortController();
  readonly #sweeper: Sweeper;
  readonly #answers: Answers;
  readonly #graphs: StoredGraphs;
  readonly #list: GraphList;
  readonly #announcer: Announcer;
  readonly #background: readonly Background[];
  readonly #deliverers: readonly Deliverer[];
  readonly #delivering: Deliverer[] = [];
  #stopped: Promise<void> | undefined;
  #log: Logger = silent;
  #stats: Stats = noStats;
  #report = new JobReport(silent, noStats);

  constructor(
    modules: Modules,
    settings: ServiceSettings,
    deliverers: readonly Deliverer[] = [],
    announcements?: Announcements,
  ) {
    this.settings = settings;
    this.#deliverers = deliverers;
    const stats = () => this.#stats;
    this.#modules = {
      storage: instrumentStorage(modules.storage, stats),
      marker: instrumentMarker(modules.marker, stats),
      queuer: instrumentQueuer(modules.queuer, stats),
      digester: instrumentDigester(modules.digester, stats),
    };
    this.#claims = new Claims(this.#modules.marker, { timeoutMs: settings.progressTimeoutMs });
    this.#list = new GraphList({
      storage: this.#modules.storage,
      claims: this.#claims,
      onFailure: ({ id }, error) =>
        this.#log.warn(
          { graphId: id, error, reason: "the list of graphs lacks this graph or its numbers" },
          "list-failure",
        ),
    });
    this.#requests = new Requests({
      ...this.#modules,
      claims: this.#claims,
      list: this.#list,
      queuedMs: () => this.#queuedMs,
      readyAt: (window) => this.#readyAt(window),
      onClaimFailure: (error, reason) => this.#reportMarker(error, reason),
    });
    this.#attempts = new Attempts({
      ...this.#modules,
      ...settings,
      list: this.#list,
      check: (window) => this.#checkOwed(window),
      report: () => this.#report,
      onMade: (window) => this.#announcer.expect(window),
    });
    this.#worker = new Worker({
      concurrency: settings.workerConcurrency,
      queueLimit: settings.workerQueueLimit,
      retries: settings.workerRetries,
      retryDelayMs: settings.workerRetryDelayMs,
      claims: this.#claims,
      readyAt: ({ window }) => this.#readyAt(window),
      queuedMs: () => this.#queuedMs,
      attempt: (job, claim, signal) => this.#attempts.attempt(job, claim, signal),
      explain,
      onFailure: (job, error, last) => this.#report.failed(job, error, last),
      onClaimFailure: (job, error) => this.#report.claimFailed(job, error),
    });
    this.#answers = new Answers(settings.answers, {
      info: (fields, event) => this.#log.info(fields, event),
      warn: (fields, event) => this.#log.warn(fields, event),
    });
    this.#graphs = new StoredGraphs(this.#modules.storage, this.#claims, this.#list, this.#answers);
    const retention = new Retention({
      list: this.#list,
      retentionMs: settings.retentionMs,
      onRemoved: ({ id, start, stop }) => this.#log.info({ graphId: id, start, stop }, "graph-removed"),
      onFailure: (ref, error) =>
        this.#log.warn({ graphId: ref?.id, error, reason: "the service tries again" }, "retention-failure"),
    });
    const schedule = new Schedule({
      lengthsMs: settings.scheduleMs,
      backfill: settings.scheduleBackfill,
      readyAt: (window) => {
        const date = this.#modules.digester.readyAt?.(window);
        return date !== undefined && date > window.stopDate ? date : window.stopDate;
      },
      request: (window) => this.#requestScheduled(window),
      onFailure: ({ id, start, stop }, error) =>
        this.#log.warn(
          { graphId: id, start, stop, error, reason: "the service tries again in 30 s" },
          "schedule-failure",
        ),
    });
    this.#announcer = new Announcer({
      to: announcements,
      lengthsMs: settings.scheduleMs,
      ...this.#modules,
      claims: this.#claims,
      list: this.#list,
      find: (window, signal) => this.#graphs.findings(window, signal),
      onSent: ({ id, start, stop }, { id: finding }) =>
        this.#log.info({ graphId: id, start, stop, finding }, "finding-sent"),
      onFailure: ({ id, start, stop }, error) =>
        this.#log.warn({ graphId: id, start, stop, error, reason: messageOf(error) }, "webhook-failure"),
    });
    this.#background = [schedule, retention, this.#announcer];
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
   * Starts the modules, then those who deliver. When one fails, those before it are stopped again and its error is thrown. A
   * module that doesn't answer is not waited for: `ready` names it until it has started.
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
      await this.#answers.start();
      const deliver: Deliver = (message) => this.deliver(message);
      for (const deliverer of this.#deliverers) {
        await deliverer.start(deliver, this.#log);
        this.#delivering.push(deliverer);
      }
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
    for (const each of this.#background) each.start();
  }

  /** Aborts, with a RetryLaterError, when the service begins to stop: for answers that would go on. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Whoever delivers stops that first. Takes no more jobs, gives the running ones the shutdown timeout, frees the others, then stops the modules. */
  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      this.#stopping.abort(new RetryLaterError("the process is stopping", 1000));
      const failures: unknown[] = [];
      const all = [...this.#started, ...this.#delivering].toReversed();
      const noted = (error: unknown) => void failures.push(error);
      // Nothing is waited for yet: whoever is slow to drain must not cost the running jobs their time.
      const drained = all.map(async (module) => module.drain?.().catch(noted));
      // The worker's refusal ends a sweep that is about to take up a job.
      await Promise.all([
        ...drained,
        this.#worker.stop(this.settings.shutdownTimeoutMs),
        this.#sweeper.stop(),
        this.#list.stop(),
        ...this.#background.map((each) => each.stop()),
      ]);
      await this.#answers.stop();
      for (const module of all) await module.stop?.().catch(noted);
      if (failures.length > 0) throw new AggregateError(failures, "modules did not stop properly");
    })();
    return this.#stopped;
  }

  /** Asks every module whether it could serve now. Only those that can't are named, with why. */
  async ready(signal: AbortSignal): Promise<Map<keyof Modules, unknown>> {
    const failures = new Map<keyof Modules, unknown>();
    const names = ["storage", "marker", "queuer", "digester"] as const;
    await Promise.all(
      names.map(async (name) => {
        try {
          if (this.#late.has(name)) throw this.#late.get(name);
          await this.#modules[name].ready?.(signal);
        } catch (error) {
          failures.set(name, error);
        }
      }),
    );
    return failures;
  }

  /**
   * Whether the flow logs of a window can be summed up by its scope, if it has one.
   *
   * @throws ScopeError with a message for the caller
   */
  checkScope({ scope }: TimeWindow): void {
    if (scope === undefined) return;
    const { digester } = this.#modules;
    if (digester.checkScope === undefined) {
      throw new ScopeError(
        "account, region and vpc can't be given: the digester of this service gives all flow logs or none",
      );
    }
    digester.checkScope(scope);
  }

  /**
   * Has a graph made, unless it is there or being made. With `refresh`, it is made again; the old one is served until
   * the new one replaces it. The request's id is kept with the job, for its log events.
   *
   * @throws RetryLaterError when the queue is full
   * @throws DependencyError, ScopeError
   */
  async request(window: TimeWindow, refresh: boolean, requestId?: string): Promise<RequestOutcome> {
    this.checkScope(window);
    return this.#requests.request(window, refresh, requestId);
  }

  /** The graph, to be read or destroyed by the caller, or why there is none. The signal governs the body as well. */
  fetch(window: TimeWindow, signal: AbortSignal): Promise<Found<StoredGraph> | Missing> {
    return this.#graphs.fetch(window, signal);
  }

  /** As fetch, without the body. */
  head(window: TimeWindow, signal: AbortSignal): Promise<Found<GraphInfo> | Missing> {
    return this.#graphs.head(window, signal);
  }

  /** Prepares the answer to a question about a stored graph. */
  answer(
    ...asked: Parameters<StoredGraphs["answer"]>
  ): Promise<{ readonly state: "stored"; readonly answer: Answer } | Unanswered> {
    return this.#graphs.answer(...asked);
  }

  /**
   * How far a graph is, whichever process makes it. One that is made again is as far as its new making.
   *
   * @throws DependencyError
   */
  async progress(window: TimeWindow, signal: AbortSignal): Promise<GraphProgress> {
    // In this order: a job stores its graph before it releases its claim.
    const { condition, claim } = await this.#claims.status(window, signal);
    const graph = await this.#modules.storage.head(window.id, signal);
    return progressOf(condition, claim, this.#attempts.progressOf(window.id), graph !== undefined);
  }

  /**
   * A page of the stored graphs, the window that ends last first. Undefined: the storage keeps no list.
   *
   * @throws DependencyError
   */
  async list(query: ListQuery, signal: AbortSignal): Promise<ListedPage | undefined> {
    return this.#list.page(query, signal);
  }

  /**
   * How many graphs aren't listed, since nobody has named their window: the Go service's. Undefined: too many to count.
   *
   * @throws DependencyError
   */
  async unlisted(): Promise<number | undefined> {
    return this.#list.unlisted();
  }

  /** Admits what was delivered, if it is a job, and works it to its end. Never rejects. */
  async deliver(message: unknown): Promise<Fate> {
    const job = Job.safeParse(message);
    if (job.success) return this.work(job.data);
    const issues = job.error.issues.map(({ path, message }) => ({ field: path.join("/"), message }));
    return { fate: "drop", error: new Error(withoutQuotation(sentenceOf(issues)), { cause: job.error }) };
  }

  /** Works a job that was admitted to its end. Never rejects. */
  async work(job: Job): Promise<Fate> {
    try {
      await this.produce(job);
      return { fate: "done" };
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      if (error instanceof CorruptInputError) return { fate: "drop", error };
      if (error instanceof RetryLaterError) return { fate: "later", afterMs: error.retryAfterMs, error };
      return { fate: "again", error };
    }
  }

  /**
   * Works a job to its end, for a deliverer that waits for it.
   *
   * @returns false when it had nothing left to do
   * @throws RetryLaterError, CorruptInputError, DependencyError
   */
  async produce(job: Job): Promise<boolean> {
    return (await this.#worker.run(job)) === true;
  }

  /**
   * Takes a job over: from here on it ends as a graph or as a reason.
   *
   * @throws RetryLaterError, DependencyError when it could not be taken
   */
  async accept(job: Job): Promise<void> {
    await this.#worker.accept(job);
  }

  async #requestScheduled(window: TimeWindow): Promise<void> {
    const { id: graphId, start, stop } = window;
    if (await this.#requests.requestOnce(window)) this.#log.info({ graphId, start, stop }, "scheduled");
    this.#announcer.expect(window);
  }

  /** How much longer a claim lives while its job lies in a queue. In one that is this process's own, none does. */
  get #queuedMs(): number {
    const { progressTimeoutMs, queuedTimeoutMs } = this.settings;
    return this.#modules.queuer.local === true ? 0 : Math.max(0, queuedTimeoutMs - progressTimeoutMs);
  }

  #readyAt(window: TimeWindow): Date | undefined {
    const date = this.#modules.digester.readyAt?.(window);
    return date !== undefined && date.getTime() > Date.now() ? date : undefined;
  }

  /** Whoever asked for a job may have had other settings than this process: one from before its start, or another one. */
  #checkOwed(window: TimeWindow): void {
    try {
      if (window.ms > this.settings.maxWindowMs) {
        throw new WindowError("the window is longer than GRAPH_MAX_WINDOW of the worker");
      }
      this.checkScope(window);
    } catch (cause) {
      if (!(cause instanceof ScopeError || cause instanceof WindowError)) throw cause;
      throw new CorruptInputError(cause.message, { cause });
    }
  }

  #reportMarker(error: unknown, reason: string): void {
    this.#log.error({ dependency: "marker", error, reason }, "dependency-failure");
  }
}
