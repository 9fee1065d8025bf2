import { performance } from "node:perf_hooks";
import { json } from "node:stream/consumers";
import { type Answer, Answers, type OnFound } from "./answer/answers.js";
import { openGraph } from "./answer/open-graph.js";
import type { Question } from "./answer/question.js";
import { RefusedError } from "./answer/refused-error.js";
import type { Subject } from "./answer/reading.js";
import type { AnswerOptions } from "./answer/settings.js";
import { uninterrupted } from "./deadline.js";
import type { Digest, Digester } from "./digester/digester.js";
import type { Deliver, Deliverer, Fate } from "./deliverer.js";
import { CorruptInputError, DependencyError, messageOf, RetryLaterError, SupersededError } from "./errors.js";
import { explain } from "./explain.js";
import type { EdgeBatch } from "./edges/table.js";
import { USUAL_LIMIT } from "./finding/findings.js";
import type { GraphStats } from "./graph/stats.js";
import { Job } from "./job.js";
import type { JobProgress, Marker } from "./marker/marker.js";
import type { BoundAddress, Module } from "./module.js";
import type { Queuer } from "./queuer/queuer.js";
import { ScopeError } from "./scope.js";
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
import type { Entry } from "./entry.js";
import type { GraphId, TimeWindow } from "./window.js";
import { Announceable, type Announced, type Announcements, Announcer } from "./worker/announcer.js";
import { Claims, timesOf } from "./worker/claims.js";
import { GraphList, type ListedPage, type ListQuery } from "./worker/graph-list.js";
import { type HeldClaim, LostClaimError } from "./worker/held-claim.js";
import { JobReport } from "./worker/job-report.js";
import { type GraphProgress, progressOf } from "./worker/progress.js";
import { Retention } from "./worker/retention.js";
import { Schedule } from "./worker/schedule.js";
import { Sweeper } from "./worker/sweeper.js";
import { makeGraph } from "./worker/make-graph.js";
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
  /** How long a job may lie in a queue that isn't this process's own. */
  readonly queuedTimeoutMs: number;
  readonly maxWindowMs: number;
  readonly digestMaxBytes: number;
  /** Whether edges are kept beside graphs, where the digest and the storage have them. */
  readonly keepEdges: boolean;
  /** Lengths of windows that are asked for without a caller. */
  readonly scheduleMs: readonly number[];
  /** How many of each length that have ended are asked for at start. */
  readonly scheduleBackfill: number;
  /** How long ago the window of a graph may have ended. Undefined: graphs stay. */
  readonly retentionMs: number | undefined;
  readonly workerConcurrency: number;
  readonly workerQueueLimit: number;
  readonly workerRetries: number;
  readonly workerRetryDelayMs: number;
  readonly shutdownTimeoutMs: number;
  /** How questions about stored graphs are answered. */
  readonly answers: AnswerOptions;
}

export type RequestOutcome =
  | { readonly state: "queued"; readonly notBefore: Date | undefined }
  | { readonly state: "exists" }
  | { readonly state: "in progress" };

export type Missing =
  | { readonly state: "in progress"; readonly notBefore: Date | undefined }
  | { readonly state: "absent"; readonly reason: string | undefined };

export type Found<Graph> = { readonly state: "stored"; readonly graph: Graph };

/** No answer, since a graph isn't there that it needs. */
export type Unanswered = Missing & { readonly window: TimeWindow };

/** What became of a job that ran. */
type Produced = Readonly<GraphStats> | "exists";

/**
 * The heart: answers requests for graphs and works the jobs that make them. It knows its modules by their ports alone,
 * and nothing of HTTP.
 */
export class Service {
  readonly settings: ServiceSettings;
  /** What counts as a job here. */
  readonly jobs: typeof Job;
  readonly #modules: Modules;
  readonly #claims: Claims;
  readonly #worker: Worker<Produced>;
  readonly #started: Module[] = [];
  /** Modules that were not waited for, with why they can't serve yet. */
  #late: ReadonlyMap<keyof Modules, unknown> = new Map();
  readonly #stopping = new AbortController();
  /** How far the jobs are that are worked here. */
  readonly #making = new Map<GraphId, () => JobProgress>();
  readonly #sweeper: Sweeper;
  readonly #answers: Answers;
  readonly #list: GraphList;
  readonly #schedule: Schedule;
  readonly #retention: Retention;
  readonly #announcer: Announcer;
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
    this.jobs = Job.refine(
      ({ window }) => window.ms <= settings.maxWindowMs,
      "the window is longer than GRAPH_MAX_WINDOW",
    ).superRefine(({ window }, context) => {
      try {
        this.checkScope(window);
      } catch (error) {
        if (!(error instanceof ScopeError)) throw error;
        context.addIssue(`scope: ${error.message}`);
      }
    });
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
    this.#worker = new Worker({
      concurrency: settings.workerConcurrency,
      queueLimit: settings.workerQueueLimit,
      retries: settings.workerRetries,
      retryDelayMs: settings.workerRetryDelayMs,
      claims: this.#claims,
      readyAt: ({ window }) => this.#readyAt(window),
      queuedMs: () => this.#queuedMs,
      attempt: (job, claim, signal) => this.#attempt(job, claim, signal),
      explain,
      onFailure: (job, error, last) => this.#report.failed(job, error, last),
      onClaimFailure: (job, error) => this.#report.claimFailed(job, error),
    });
    this.#answers = new Answers(settings.answers, {
      info: (fields, event) => this.#log.info(fields, event),
      warn: (fields, event) => this.#log.warn(fields, event),
    });
    this.#retention = new Retention({
      list: this.#list,
      retentionMs: settings.retentionMs,
      onRemoved: ({ id, start, stop }) => this.#log.info({ graphId: id, start, stop }, "graph-removed"),
      onFailure: (ref, error) =>
        this.#log.warn({ graphId: ref?.id, error, reason: "the service tries again" }, "retention-failure"),
    });
    this.#schedule = new Schedule({
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
      storage: this.#modules.storage,
      claims: this.#claims,
      list: this.#list,
      find: (window, signal) => this.#findingsOf(window, signal),
      onSent: ({ id, start, stop }, { id: finding }) =>
        this.#log.info({ graphId: id, start, stop, finding }, "finding-sent"),
      onFailure: ({ id, start, stop }, error) =>
        this.#log.warn(
          { graphId: id, start, stop, error, reason: `${messageOf(error)}; it is tried again` },
          "webhook-failure",
        ),
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
    this.#schedule.start();
    this.#retention.start();
    this.#announcer.start();
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
        this.#schedule.stop(),
        this.#retention.stop(),
        this.#announcer.stop(),
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
    // Each of the modules' calls has a deadline.
    const signal = uninterrupted();
    const exists = async () => {
      const graph = refresh ? undefined : await this.#modules.storage.head(window.id, signal);
      if (graph !== undefined) this.#list.met(window, graph);
      return graph !== undefined;
    };
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
      const { token, refresh: owed } = claim.claim;
      await this.#modules.queuer.queue({ window, refresh: owed, claim: token }, signal, notBefore);
    } catch (error) {
      await this.#giveBack(claim);
      throw error;
    }
    // Only now: when this process is killed before, the claim of a job that nobody will deliver lapses soon.
    if (this.#queuedMs > 0) await this.#keepQueued(claim, notBefore);
    return { state: "queued", notBefore };
  }

  /** How much longer a claim lives while its job lies in a queue. In one that is this process's own, none does. */
  get #queuedMs(): number {
    const { progressTimeoutMs, queuedTimeoutMs } = this.settings;
    return this.#modules.queuer.local === true ? 0 : Math.max(0, queuedTimeoutMs - progressTimeoutMs);
  }

  /** A claim that can't be kept lapses earlier than it might; one that a worker has already is kept by that. */
  async #keepQueued(claim: HeldClaim, notBefore: Date | undefined): Promise<void> {
    try {
      await claim.postpone(timesOf(notBefore, this.#queuedMs));
    } catch (error) {
      if (!(error instanceof LostClaimError)) this.#reportMarker(error, "a claim could not be kept for long");
    }
  }

  /** Whichever process is first: what another one has asked for, and what has failed just now, isn't asked for again. */
  async #requestScheduled(window: TimeWindow): Promise<void> {
    const { condition } = await this.#claims.status(window, uninterrupted());
    if (condition === "absent" || condition === "abandoned" || condition.endsWith("lapsed")) {
      const { state } = await this.request(window, false);
      const { id: graphId, start, stop } = window;
      if (state === "queued") this.#log.info({ graphId, start, stop }, "scheduled");
    }
    this.#announcer.expect(window);
  }

  async #findingsOf(window: TimeWindow, signal: AbortSignal): Promise<readonly Announced[]> {
    const question = { kind: "findings", limit: USUAL_LIMIT } as const;
    const outcome = await this.answer(question, window, { named: [], earlier: [] }, signal);
    if (outcome.state !== "stored") throw new DependencyError("storage", "the graph is gone");
    try {
      return Announceable.parse(await json(await outcome.answer.pieces())).findings;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      // Too large, now and the next time.
      const { id: graphId, start, stop } = window;
      this.#log.warn({ graphId, start, stop, reason: error.message }, "webhook-failure");
      return [];
    }
  }

  /** A claim that can't be given back lapses. */
  async #giveBack(claim: HeldClaim): Promise<void> {
    await claim
      .giveBack()
      .catch((error: unknown) => this.#reportMarker(error, "a claim could not be given back"));
  }

  /** The graph, to be read or destroyed by the caller, or why there is none. The signal governs the body as well. */
  async fetch(window: TimeWindow, signal: AbortSignal): Promise<Found<StoredGraph> | Missing> {
    return this.#met(
      window,
      await this.#find(window, signal, () => this.#modules.storage.get(window.id, signal)),
    );
  }

  /** As fetch, without the body. */
  async head(window: TimeWindow, signal: AbortSignal): Promise<Found<GraphInfo> | Missing> {
    return this.#met(
      window,
      await this.#find(window, signal, () => this.#modules.storage.head(window.id, signal)),
    );
  }

  /**
   * Prepares the answer to a question about a stored graph.
   *
   * @param before other windows that it takes: a window that is named has to be there, of `earlier` ones those count that are
   */
  async answer(
    question: Question,
    window: TimeWindow,
    before: { readonly named: readonly TimeWindow[]; readonly earlier: readonly TimeWindow[] },
    signal: AbortSignal,
  ): Promise<{ readonly state: "stored"; readonly answer: Answer } | Unanswered> {
    const subjects: Subject[] = [];
    try {
      for (const each of [window, ...before.named]) {
        const outcome = await this.#find(each, signal, () => this.#open(each, signal));
        if (outcome.state !== "stored") return { ...outcome, window: each };
        subjects.push({ window: each, graph: outcome.graph });
      }
      for (const each of before.earlier) {
        const graph = await this.#open(each, signal);
        if (graph !== undefined) subjects.push({ window: each, graph });
      }
      const [subject, ...others] = subjects.splice(0);
      if (subject === undefined) throw new Error("expected the graph that was opened");
      const onFound = this.#tellsFindingsOf(window, subject.graph.version);
      const answer = await this.#answers.prepare(question, subject, others, onFound, signal);
      return { state: "stored", answer };
    } finally {
      // Those that became part of an answer are closed with it.
      await Promise.all(subjects.map(({ graph }) => graph.close()));
    }
  }

  /** Has the list tell how many findings a graph has, if it is the same still when they are known. */
  #tellsFindingsOf(window: TimeWindow, version: string): OnFound | undefined {
    if (!this.#list.isKept) return undefined;
    return async (findings) => {
      const size = await this.#sizeOf(window, version, uninterrupted()).catch(() => undefined);
      if (size !== undefined) await this.#list.tell(window, size, { findings });
    };
  }

  /** Bytes of a stored graph, if it is of this making still. */
  async #sizeOf(window: TimeWindow, version: string, signal: AbortSignal): Promise<number | undefined> {
    const now = await this.#open(window, signal);
    await now?.close();
    if (now?.version !== version) return undefined;
    return (await this.#modules.storage.head(window.id, signal))?.size;
  }

  #open(window: TimeWindow, signal: AbortSignal) {
    return openGraph(this.#modules.storage, window.id, signal);
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
    return progressOf(condition, claim, this.#making.get(window.id)?.(), graph !== undefined);
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
    const job = this.jobs.safeParse(message);
    return job.success ? this.work(job.data) : { fate: "drop", error: job.error };
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

  /** The list learns of a graph that it may lack. */
  #met<Outcome extends Found<GraphInfo> | Missing>(window: TimeWindow, outcome: Outcome): Outcome {
    if (outcome.state === "stored") this.#list.met(window, outcome.graph);
    return outcome;
  }

  async #find<Graph>(
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
    const there = await storage.head(window.id, signal);
    if (there !== undefined && !claim.claim.refresh) {
      // Whoever stored it may have been killed before its entry was written.
      await this.#list.ensure(window, there, signal);
      return "exists";
    }
    const began = performance.now();
    this.#report.started(job);
    let stats;
    let digest: Digest | undefined;
    let step: JobProgress["step"] = "reading";
    const progress = () => ({ step, ...digest?.progress?.() });
    this.#making.set(window.id, progress);
    claim.tell(progress);
    try {
      this.#checkOwedScope(window);
      digest = await digester.digest(window, signal, claim.claim.token);
      const read = whenRead(digest, () => (step = "storing"));
      stats = await makeGraph(window, read, storage, {
        maxDigestBytes: this.settings.digestMaxBytes,
        keepEdges: this.settings.keepEdges,
        signal,
        beforeCommit: () => claim.fence(),
        replaces: there?.version ?? null,
      });
    } catch (error) {
      claim.tell(undefined);
      // Whoever was faster has the claim by now, as a rule, and this job has nothing left to do.
      if (error instanceof SupersededError) await claim.confirm();
      throw error;
    } finally {
      if (this.#making.get(window.id) === progress) this.#making.delete(window.id);
    }
    const table = "edges" in digest && this.settings.keepEdges && storage.edges !== undefined;
    await this.#list.made(entryOf(window, stats, digest.counts, table), claim, signal);
    this.#announcer.expect(window);
    this.#report.finished(job, performance.now() - began, stats, digest);
    return stats;
  }

  /** A job that was asked for before the settings were others can't be made any more. */
  #checkOwedScope(window: TimeWindow): void {
    try {
      this.checkScope(window);
    } catch (cause) {
      if (!(cause instanceof ScopeError)) throw cause;
      throw new DependencyError("digester", cause.message, { cause, transient: false });
    }
  }

  #reportMarker(error: unknown, reason: string): void {
    this.#log.error({ dependency: "marker", error, reason }, "dependency-failure");
  }
}

/** Tells when all flow logs have been read: of a table, when its first rows come; of lines, from the start. */
function whenRead(digest: Digest, onRead: () => void): Digest {
  if (!("edges" in digest)) {
    onRead();
    return digest;
  }
  async function* edges(batches: AsyncIterable<EdgeBatch>): AsyncGenerator<EdgeBatch> {
    for await (const batch of batches) {
      onRead();
      yield batch;
    }
  }
  return { ...digest, edges: edges(digest.edges) };
}

/** What a job says of its graph in the list. */
function entryOf(
  { id, start, stop, scope }: TimeWindow,
  { gzipBytes: size, nodes, edges, bytes, rejected, skipdata }: Readonly<GraphStats>,
  counts: Digest["counts"],
  table: boolean,
): Entry {
  const incomplete = skipdata + (counts?.["skipdata"] ?? 0) > 0;
  const ref = { id, start, stop, ...(scope !== undefined && { scope }) };
  return { ...ref, size, nodes, edges, bytes, rejected, incomplete, table };
}
