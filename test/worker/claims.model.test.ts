import { AsyncLocalStorage } from "node:async_hooks";
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
import { never, SETTINGS, TIMEOUT_MS, window } from "../support/processes.js";
import { ClaimsModel } from "./claims-model.js";

/*
 * Several processes over one store, in orders that nobody thought of: fast-check chooses what was left by an earlier life,
 * what happens, and when each answer of a store arrives. `ClaimsModel` says what must hold whenever a store is written, and
 * what must be true when all have had time to end what they began.
 */

const PROCESSES = 3;
/** Jobs may lie longer in the queue than any claim lives that is worked on. */
const QUEUED_MS = 2 * TIMEOUT_MS;

/** The process that runs. */
const acting = new AsyncLocalStorage<Process>();

/** What was there before: stories begin in the middle. */
interface Left {
  readonly graph: boolean;
  readonly claim: Pick<Claim, "state" | "reason" | "refresh"> | undefined;
}
const LEFT = { token: "of an earlier life", start: window.start, stop: window.stop };
const left: fc.Arbitrary<Left> = fc.record({
  graph: fc.boolean(),
  claim: fc.constantFrom(
    undefined,
    { state: "failed", reason: "it snowed", refresh: false },
    { state: "free", refresh: true },
    { state: "working", refresh: false },
    { state: "queued", refresh: true },
  ),
});

/** What all processes share, and what has gone wrong in it. */
class World {
  readonly scheduler: fc.Scheduler;
  readonly marker = new MemoryMarker();
  readonly jobs: Job[] = [];
  readonly model = new ClaimsModel<Process>();
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

  constructor(scheduler: fc.Scheduler, left: Left) {
    this.scheduler = scheduler;
    if (left.graph) this.graph = { making: 0, version: "v0" };
    if (left.claim !== undefined) void this.marker.create(window.id, { ...LEFT, ...left.claim }, never);
    this.processes = Array.from({ length: PROCESSES }, () => this.#start());
  }

  #start(): Process {
    const process = new Process(this);
    this.everybody.add(process);
    return process;
  }

  /** Something that a process waits for no longer than it lives. */
  run(process: Process, what: () => Promise<unknown>): void {
    const ended = Promise.race([acting.run(process, what).catch(() => undefined), process.death]).finally(
      () => this.running.delete(ended),
    );
    this.running.add(ended);
  }

  /** Until all that runs has ended, jobs that were taken over included. */
  async settle(): Promise<void> {
    const busy = () => this.processes.some(({ service: { load } }) => load.working + load.waiting > 0);
    while (this.running.size > 0 || busy()) {
      if (this.scheduler.count() > 0) await this.scheduler.waitOne();
      else await new Promise((resolve) => setImmediate(resolve));
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
      { ...SETTINGS, queuedTimeoutMs: QUEUED_MS },
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

  /** A timer is due. One of a process that stands still fires when that goes on, before or after what else it waits for. */
  timer(fire: () => void): void {
    if (this.dead) return;
    if (this.#paused === undefined) return fire();
    void this.#fireLate(fire);
  }

  async #fireLate(fire: () => void): Promise<void> {
    await this.#awake();
    await this.#world.scheduler.schedule(Promise.resolve(), "timer");
    fire();
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
    const { marker, model } = this.#world;
    const read = () => marker.read(window.id, never);
    /** `MemoryMarker` does each when it is called, so that nothing comes between. */
    const write = async <T>(version: string | undefined, perform: () => Promise<T>): Promise<T> => {
      const [before, written, after] = await Promise.all([read(), perform(), read()]);
      model.written(this, version, before, after);
      return written;
    };
    return {
      read: () => this.#call("read", read),
      create: (id, claim) =>
        this.#call("create", () => write(undefined, () => marker.create(id, claim, never))),
      replace: (id, version, claim) =>
        this.#call("replace", () => write(version, () => marker.replace(id, version, claim, never))),
      remove: (id, version) =>
        this.#call("remove", () => write(version, () => marker.remove(id, version, never))),
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
        world.model.storing(this, await world.marker.read(window.id, never));
        // From here on nothing of the process is asked any more: the request is on its way.
        await this.#call("commit", async () => {
          if (replaces !== undefined && (world.graph?.version ?? null) !== replaces) {
            throw new SupersededError("somebody else stored it");
          }
          world.model.stored(world.graph?.version, world.began.get(making));
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
          this.#world.model.queued(job.claim);
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

function step(name: string, run: (world: World) => void | Promise<void>): Step {
  return { check: () => true, run: async (_, world) => run(world), toString: () => name };
}

/** What is under way comes so many answers further. */
async function turn({ scheduler }: World, count: number): Promise<void> {
  for (let turn = 0; turn < count && scheduler.count() > 0; turn++) await scheduler.waitOne();
}

const turns = fc
  .integer({ min: 1, max: 40 })
  .map((count) => step(`${count} turns`, async (world) => turn(world, count)));

/** The story that most promises are about, with all that may happen before, within and after it. */
const overtaken = fc
  .record({
    slow: fc.nat({ max: PROCESSES - 1 }),
    ahead: fc.integer({ min: 1, max: PROCESSES - 1 }),
    before: fc.constantFrom("replace", "head", "digest", "commit", "remove"),
    passing: fc.constantFrom(TIMEOUT_MS / 3, TIMEOUT_MS),
    refresh: fc.boolean(),
    answers: fc.integer({ min: 1, max: 40 }),
  })
  .map(({ slow, ahead, before, passing, refresh, answers }) => {
    const fast = (slow + ahead) % PROCESSES;
    return step(`${slow} stands still before ${before}, ${passing} ms, ${fast} is faster`, async (world) => {
      const job = { window, refresh, claim: undefined };
      const accept = (process: Process) => world.run(process, () => process.service.accept(job));
      world.process(slow).pausesBefore = before;
      accept(world.process(slow));
      await turn(world, 40);
      vi.advanceTimersByTime(passing);
      accept(world.process(fast));
      await turn(world, answers);
      world.process(slow).resume();
    });
  });

const anyProcess = fc.nat({ max: PROCESSES - 1 });
/** Takes over what was left, and gives it back. */
const refused = fc.tuple(anyProcess, fc.constantFrom(0, TIMEOUT_MS)).map(([n, ms]) =>
  step(`after ${ms} ms a POST at ${n} is refused`, async (world) => {
    vi.advanceTimersByTime(ms);
    const process = world.process(n);
    process.queueFails = "before";
    world.run(process, () => process.service.request(window, true));
    await turn(world, 40);
  }),
);

const steps: fc.Arbitrary<Step>[] = [
  overtaken,
  overtaken,
  refused,
  fc
    .tuple(anyProcess, fc.boolean(), fc.constantFrom(undefined, undefined, "before", "after"))
    .map(([n, refresh, fails]) =>
      step(`POST at ${n}${refresh ? ", refresh" : ""}, queue fails ${fails}`, (world) => {
        const process = world.process(n);
        process.queueFails = fails;
        world.run(process, async () => {
          const { state } = await process.service.request(window, refresh);
          if (state === "queued") world.accepted++;
        });
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
        world.run(process, async () => (waits ? process.service.produce(job) : process.service.accept(job)));
      }),
    ),
  anyProcess.map((n) =>
    step(`GET at ${n}`, (world) =>
      world.run(world.process(n), () => world.process(n).service.head(window, never)),
    ),
  ),
  anyProcess.map((n) =>
    step(`survey by ${n}`, (world) => world.run(world.process(n), () => world.process(n).survey())),
  ),
  fc
    .constantFrom(TIMEOUT_MS / 3, TIMEOUT_MS / 3, TIMEOUT_MS)
    .map((ms) => step(`${ms} ms pass`, () => void vi.advanceTimersByTime(ms))),
  turns,
  turns,
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
      world.run(process, () => process.service.stop());
      world.replace(n);
    }),
  ),
];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
  const { setInterval } = globalThis;
  vi.stubGlobal("setInterval", (fire: () => void, ms: number) => {
    const process = acting.getStore();
    return setInterval(() => (process === undefined ? fire() : process.timer(fire)), ms);
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** All go on, and have time to end what is left. */
async function ending(world: World): Promise<void> {
  for (const process of world.everybody) {
    process.pausesBefore = undefined;
    process.resume();
    process.queueFails = undefined;
    process.digestFails = false;
  }
  vi.advanceTimersByTime(1);
  await world.settle();
  for (let round = 0; round < 4; round++) {
    world.run(world.process(0), () => world.process(0).survey());
    await world.settle();
    world.model.surveyed(await world.marker.read(window.id, never), round > 2);
    vi.advanceTimersByTime(TIMEOUT_MS);
  }
}

test("claims, whatever happens in whatever order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      left,
      fc.commands(steps, { maxCommands: 30 }),
      async (scheduler, left, commands) => {
        const world = new World(scheduler, left);
        await fc.scheduledModelRun(scheduler, () => ({ model: {}, real: world }), commands);
        await ending(world);
        expect(world.model.violations).toEqual([]);
        const found = await scheduler.waitFor(world.process(0).service.head(window, never));
        expect(found.state).not.toBe("in progress");
        if (world.accepted > 0 && found.state === "absent") expect(found.reason).toEqual(expect.any(String));
      },
    ),
    // Without `endOnFailure`, and with the seed and path that a failure tells, its story gets shorter; that takes minutes.
    { numRuns: 500, endOnFailure: true },
  );
});
