import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Digester } from "../../src/digester/digester.js";
import { DependencyError, RetryLaterError, SupersededError } from "../../src/errors.js";
import type { Job } from "../../src/job.js";
import type { Claim, Marker } from "../../src/marker/marker.js";
import { MemoryMarker } from "../../src/marker/memory.js";
import type { Queuer } from "../../src/queuer/queuer.js";
import { Service } from "../../src/service.js";
import type { GraphInfo, Storage, StoreOptions } from "../../src/storage/storage.js";
import { Claims } from "../../src/worker/claims.js";
import { never, TIMEOUT_MS, window } from "../support/processes.js";

/*
 * Several processes over one store, in orders that nobody thought of: fast-check chooses what happens and when each answer
 * of a store arrives. The model is what CLAIMS.md promises, checked whenever a store is written and at the end:
 *
 * - a fresh claim isn't taken from whoever has it (2);
 * - no graph replaces one that was stored after its own attempt began (7);
 * - whatever happened, in the end nobody is told for ever that the graph is being made, and a request that was accepted
 *   has left a graph or a reason (10).
 */

const PROCESSES = 3;

/** What all processes share, and what has gone wrong in it. */
class World {
  readonly scheduler: fc.Scheduler;
  readonly marker = new MemoryMarker();
  readonly jobs: Job[] = [];
  readonly violations: string[] = [];
  /** What runs, until it has ended. */
  readonly running = new Set<Promise<unknown>>();
  graph: { readonly making: number; readonly version: string } | undefined;
  accepted = 0;
  makings = 0;
  /** The graph that was there when an attempt began to read. */
  readonly began = new Map<number, string | undefined>();
  readonly processes: Process[];
  /** Those that were replaced included. */
  readonly everybody = new Set<Process>();

  constructor(scheduler: fc.Scheduler) {
    this.scheduler = scheduler;
    this.processes = Array.from({ length: PROCESSES }, () => this.#start());
  }

  #start(): Process {
    const process = new Process(this);
    this.everybody.add(process);
    return process;
  }

  /** Something that a process waits for no longer than it lives. */
  run(process: Process, what: Promise<unknown>): void {
    const ended = Promise.race([what.catch(() => undefined), process.death]).finally(() =>
      this.running.delete(ended),
    );
    this.running.add(ended);
  }

  /** Until all that runs has ended, jobs that were taken over included. */
  async settle(): Promise<void> {
    const busy = () => this.processes.some(({ service: { load } }) => load.working + load.waiting > 0);
    while (this.running.size > 0 || busy()) {
      await this.scheduler.waitFor(Promise.all(this.running));
      await this.scheduler.waitFor(new Promise((resolve) => setImmediate(resolve)));
    }
  }

  process(n: number): Process {
    const process = this.processes[n];
    if (process === undefined) throw new Error(`expected a process ${n}`);
    return process;
  }

  replace(n: number): void {
    this.processes[n] = this.#start();
  }

  async checkTaking(version: string | undefined, claim: Claim): Promise<void> {
    const record = await this.marker.read(window.id, never);
    const before = record?.claim;
    if (!record || !before || record.version !== version || claim.agedMs !== undefined) return;
    const fresh = record.ageMs + (before.agedMs ?? 0) < TIMEOUT_MS;
    if (!fresh || before.state === "failed") return;
    if (claim.token !== before.token) this.violations.push(`a fresh ${before.state} claim was taken`);
    if (before.state === "working" && claim.state === "working" && claim.holder !== before.holder) {
      this.violations.push("two workers hold one claim");
    }
  }
}

/** A process, whose calls take the time that the scheduler gives them. */
class Process {
  readonly #world: World;
  readonly #claims: Claims;
  readonly service: Service;
  readonly death: Promise<void>;
  #kill: () => void = () => undefined;
  #resume: (() => void) | undefined;
  #paused: Promise<void> | undefined;
  dead = false;
  queueFails: "before" | "after" | undefined;
  digestFails = false;
  pausesBefore: string | undefined;

  constructor(world: World) {
    this.#world = world;
    this.death = new Promise((resolve) => (this.#kill = resolve));
    const marker = this.#marker();
    this.#claims = new Claims(marker, { timeoutMs: TIMEOUT_MS });
    this.service = new Service(
      { storage: this.#storage(), marker, queuer: this.#queuer(), digester: this.#digester() },
      {
        progressTimeoutMs: TIMEOUT_MS,
        maxWindowMs: 3_600_000,
        digestMaxBytes: 1_000_000,
        workerConcurrency: 2,
        workerQueueLimit: 10,
        workerRetries: 0,
        workerRetryDelayMs: 1,
        shutdownTimeoutMs: 0,
      },
    );
  }

  pause(): void {
    this.#paused ??= new Promise((resolve) => (this.#resume = resolve));
  }

  resume(): void {
    this.#paused = undefined;
    this.#resume?.();
  }

  /** What is on its way arrives all the same. */
  kill(): void {
    this.dead = true;
    this.#kill();
  }

  /** As the sweeper does, once. */
  async survey(): Promise<void> {
    for await (const { job, abandonedInMs } of this.#claims.unfinished(never)) {
      if (abandonedInMs <= 0) await this.service.accept(job).catch(() => undefined);
    }
  }

  /** A call on its way, then its answer. Neither comes while the process stands still, and none when it is dead. */
  async #call<T>(what: string, perform: () => Promise<T>): Promise<T> {
    if (this.pausesBefore === what) {
      this.pausesBefore = undefined;
      this.pause();
    }
    await this.#awake();
    await this.#world.scheduler.schedule(Promise.resolve(), what);
    const answer = await perform();
    await this.#world.scheduler.schedule(Promise.resolve(), `answer to ${what}`);
    await this.#awake();
    return answer;
  }

  async #awake(): Promise<void> {
    await this.#paused;
    if (this.dead) await new Promise(() => undefined);
  }

  #marker(): Marker {
    const { marker } = this.#world;
    return {
      read: (id, signal) => this.#call("read", () => marker.read(id, signal)),
      create: (id, claim) => this.#call("create", () => marker.create(id, claim, never)),
      replace: (id, version, claim) =>
        this.#call("replace", async () => {
          await this.#world.checkTaking(version, claim);
          return marker.replace(id, version, claim, never);
        }),
      remove: (id, version) => this.#call("remove", () => marker.remove(id, version, never)),
      list: (signal) => marker.list(signal),
    };
  }

  #storage(): Storage {
    const world = this.#world;
    const info = (): GraphInfo | undefined =>
      world.graph && { encoding: "gzip", size: 1, modified: new Date(0), version: world.graph.version };
    return {
      head: () => this.#call("head", async () => info()),
      get: () =>
        this.#call("get", async () => {
          const found = info();
          return found && { ...found, body: Readable.from([]) };
        }),
      store: async (_, body, { signal, beforeCommit, replaces }: StoreOptions) => {
        const dot = gunzipSync(await buffer(body)).toString();
        const making = Number(/govpc_bytes="(\d+)"/.exec(dot)?.[1]);
        await beforeCommit();
        signal.throwIfAborted();
        // From here on nothing of the process is asked any more: the request is on its way.
        await this.#call("commit", async () => {
          if (replaces !== undefined && (world.graph?.version ?? null) !== replaces) {
            throw new SupersededError("somebody else stored it");
          }
          if (world.graph?.version !== world.began.get(making)) {
            world.violations.push("a graph replaced one that was stored after its attempt began");
          }
          world.graph = { making, version: `v${making}` };
        });
      },
    };
  }

  #queuer(): Queuer {
    return {
      queue: (job) =>
        this.#call("queue", async () => {
          if (this.queueFails === "before") throw new RetryLaterError("the queue is full", 1);
          this.#world.jobs.push(job);
          if (this.queueFails === "after") throw new DependencyError("queuer", "the answer was lost");
        }),
    };
  }

  #digester(): Digester {
    return {
      digest: () =>
        this.#call("digest", async () => {
          if (this.digestFails) throw new DependencyError("digester", "it rained");
          const making = ++this.#world.makings;
          this.#world.began.set(making, this.#world.graph?.version);
          const line = `2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 ${making} 1 2 ACCEPT OK\n`;
          return { body: Readable.from([Buffer.from(line)]) };
        }),
    };
  }
}

type Step = fc.AsyncCommand<object, World>;

function step(name: string, run: (world: World) => void): Step {
  return { check: () => true, run: async (_, world) => run(world), toString: () => name };
}

/** What is under way comes so many answers further. */
function turns(count: number): Step {
  const run = async (_: object, { scheduler }: World) => {
    for (let turn = 0; turn < count && scheduler.count() > 0; turn++) await scheduler.waitOne();
  };
  return { check: () => true, run, toString: () => `${count} turns` };
}

const anyProcess = fc.nat({ max: PROCESSES - 1 });
const steps: fc.Arbitrary<Step>[] = [
  fc
    .tuple(anyProcess, fc.boolean(), fc.constantFrom(undefined, undefined, "before", "after"))
    .map(([n, refresh, fails]) =>
      step(`POST at ${n}${refresh ? ", refresh" : ""}, queue fails ${fails}`, (world) => {
        const process = world.process(n);
        process.queueFails = fails;
        const request = process.service.request(window, refresh);
        world.run(
          process,
          request.then(({ state }) => (world.accepted += state === "queued" ? 1 : 0)),
        );
      }),
    ),
  fc
    .tuple(anyProcess, fc.nat(), fc.boolean(), fc.boolean(), fc.boolean())
    .map(([n, which, again, waits, fails]) =>
      step(`delivery to ${n}: ${waits ? "waits" : "leaves it"}, digest fails ${fails}`, (world) => {
        const index = which % Math.max(1, world.jobs.length);
        // Older producers send jobs without a claim.
        const job = world.jobs[index] ?? { window, refresh: again, claim: undefined };
        if (!again) world.jobs.splice(index, 1);
        const process = world.process(n);
        process.digestFails = fails;
        world.run(process, waits ? process.service.produce(job) : process.service.accept(job));
      }),
    ),
  anyProcess.map((n) =>
    step(`GET at ${n}`, (world) => world.run(world.process(n), world.process(n).service.head(window, never))),
  ),
  anyProcess.map((n) =>
    step(`survey by ${n}`, (world) => world.run(world.process(n), world.process(n).survey())),
  ),
  fc
    .constantFrom(TIMEOUT_MS / 3, TIMEOUT_MS / 3, TIMEOUT_MS)
    .map((ms) => step(`${ms} ms pass`, () => void vi.advanceTimersByTime(ms))),
  fc.integer({ min: 1, max: 40 }).map(turns),
  fc.integer({ min: 1, max: 40 }).map(turns),
  fc
    .tuple(anyProcess, fc.constantFrom(undefined, "read", "replace", "queue", "digest", "commit", "remove"))
    .map(([n, at]) =>
      step(`${n} stands still ${at === undefined ? "" : `before its next ${at}`}`, (world) => {
        if (at === undefined) world.process(n).pause();
        else world.process(n).pausesBefore = at;
      }),
    ),
  anyProcess.map((n) => step(`${n} goes on`, (world) => world.process(n).resume())),
  anyProcess.map((n) =>
    step(`${n} is killed`, (world) => {
      world.process(n).kill();
      world.replace(n);
    }),
  ),
  anyProcess.map((n) =>
    step(`${n} stops`, (world) => {
      const process = world.process(n);
      world.run(process, process.service.stop());
      world.replace(n);
    }),
  ),
];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
});
afterEach(() => void vi.useRealTimers());

test("claims, whatever happens in whatever order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.commands(steps, { maxCommands: 30 }), async (scheduler, commands) => {
      const world = new World(scheduler);
      await fc.scheduledModelRun(scheduler, () => ({ model: {}, real: world }), commands);
      // All go on, and one process after the other has time to end what is left.
      for (const process of world.everybody) {
        process.pausesBefore = undefined;
        process.resume();
        process.queueFails = undefined;
        process.digestFails = false;
      }
      vi.advanceTimersByTime(1);
      await world.settle();
      for (let round = 0; round < 3; round++) {
        vi.advanceTimersByTime(TIMEOUT_MS);
        world.run(world.process(0), world.process(0).survey());
        await world.settle();
      }
      expect(world.violations).toEqual([]);
      const found = await scheduler.waitFor(world.process(0).service.head(window, never));
      expect(found.state).not.toBe("in progress");
      if (world.accepted > 0 && found.state === "absent") expect(found.reason).toEqual(expect.any(String));
    }),
    { numRuns: 200 },
  );
});
