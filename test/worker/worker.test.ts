import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CorruptInputError, DependencyError, RetryLaterError } from "../../src/errors.js";
import type { Job } from "../../src/job.js";
import { TimeWindow } from "../../src/window.js";
import { StoppingError } from "../../src/worker/active-job.js";
import { Claims } from "../../src/worker/claims.js";
import { type HeldClaim, LostClaimError } from "../../src/worker/held-claim.js";
import { Worker, type WorkerOptions } from "../../src/worker/worker.js";
import { eventually } from "../support/eventually.js";
import { FaultyMarker } from "./faulty-marker.js";

const TIMEOUT_MS = 60_000;

function hour(n: number): string {
  return new Date(Date.UTC(2019, 0, 1, n)).toISOString();
}

/** The job of the nth hour. */
function job(n: number, more: Partial<Job> = {}): Job {
  return { window: TimeWindow.parse(hour(n), hour(n + 1)), refresh: false, claim: `token ${n}`, ...more };
}

/** An attempt that the test ends. */
interface Attempt {
  readonly job: Job;
  readonly claim: HeldClaim;
  readonly signal: AbortSignal;
  readonly at: number;
  readonly succeed: () => void;
  readonly fail: (error: Error) => void;
}

let marker: FaultyMarker;
let claims: Claims;
let attempts: Attempt[];
let failures: { job: Job; error: unknown; final: boolean }[];
let claimFailures: unknown[];

beforeEach(() => {
  marker = new FaultyMarker();
  claims = new Claims(marker, { timeoutMs: TIMEOUT_MS });
  attempts = [];
  failures = [];
  claimFailures = [];
});

afterEach(() => void vi.useRealTimers());

function open(options: Partial<WorkerOptions<string>> = {}): Worker<string> {
  return new Worker({
    concurrency: 1,
    queueLimit: 10,
    retries: 3,
    retryDelayMs: 1000,
    claims,
    readyAt: () => undefined,
    queuedMs: () => 0,
    attempt: (job, claim, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("broken by the abort")));
        attempts.push({
          job,
          claim,
          signal,
          at: performance.now(),
          succeed: () => resolve("made"),
          fail: reject,
        });
      }),
    explain: (error) => `because ${error instanceof Error ? error.message : ""}`,
    onFailure: (job, error, final) => void failures.push({ job, error, final }),
    onClaimFailure: (_, error) => void claimFailures.push(error),
    ...options,
  });
}

async function attempt(n: number): Promise<Attempt> {
  await eventually(() => expect(attempts.length).toBeGreaterThan(n));
  const found = attempts[n];
  if (found === undefined) throw new Error("expected an attempt");
  return found;
}

async function claimOf({ window }: Job) {
  return (await marker.store.read(window.id, new AbortController().signal))?.claim;
}

async function steal(): Promise<void> {
  const { id } = job(1).window;
  const { signal } = new AbortController();
  const record = await marker.store.read(id, signal);
  if (!record?.claim) throw new Error("expected a claim");
  await marker.store.replace(id, record.version, { ...record.claim, holder: "thief" }, signal);
}

const passing = new DependencyError("digester", "it rained");

describe("a job", () => {
  test("of a deliverer that waits: its result, and no claim is left", async () => {
    const done = open().run(job(1));
    const { claim, job: seen, succeed } = await attempt(0);
    expect(seen).toEqual(job(1));
    expect(await claimOf(job(1))).toEqual(claim.claim);
    succeed();
    expect(await done).toBe("made");
    expect(await claimOf(job(1))).toBeUndefined();
  });

  test("that is taken over: accepted when its claim is held", async () => {
    const worker = open();
    await worker.accept(job(1));
    expect(await claimOf(job(1))).toMatchObject({ state: "working" });
    (await attempt(0)).succeed();
    await eventually(() => expect(worker.size).toBe(0));
  });

  test("that has nothing left to do", async ({ signal }) => {
    await claims.request(job(1).window, false, undefined, signal);
    const worker = open();
    expect(await worker.run(job(1))).toBeUndefined();
    await worker.accept(job(1));
    expect(attempts).toEqual([]);
    await eventually(() => expect(worker.size).toBe(0));
  });

  test("that somebody else holds", async ({ signal }) => {
    await claims.work(job(1), signal);
    const worker = open();
    await expect(worker.run(job(1))).rejects.toBeInstanceOf(RetryLaterError);
    await expect(worker.accept(job(1))).rejects.toBeInstanceOf(RetryLaterError);
    await eventually(() => expect(worker.size).toBe(0));
  });

  test("whose claim the store can't give is nobody's", async () => {
    marker.down = "before";
    const worker = open();
    await expect(worker.accept(job(1))).rejects.toThrow("the store is down");
    await expect(worker.run(job(1))).rejects.toThrow("the store is down");
    await eventually(() => expect(worker.size).toBe(0));
  });

  test("whose claim can't be released is done all the same", async () => {
    const done = open().run(job(1));
    const { succeed } = await attempt(0);
    marker.down = "before";
    succeed();
    expect(await done).toBe("made");
    expect(claimFailures).toMatchObject([{ message: "the store is down" }]);
    expect(failures).toEqual([]);
  });
});

describe("room", () => {
  test("so many at once, in order; so many wait; more come back later", async () => {
    const worker = open({ concurrency: 2, queueLimit: 1 });
    const done = [1, 2, 3].map((n) => worker.run(job(n)));
    await attempt(1);
    expect(worker.full).toBe(true);
    const error: unknown = await worker.run(job(4)).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RetryLaterError);
    expect(error).toHaveProperty("message", "the queue of jobs is full");
    await expect(worker.accept(job(4))).rejects.toThrow("full");
    expect(await claimOf(job(4))).toBeUndefined();
    // Waiting counts as holding.
    expect(await claimOf(job(3))).toMatchObject({ state: "working" });
    expect(attempts).toHaveLength(2);
    (await attempt(1)).succeed();
    expect((await attempt(2)).job).toEqual(job(3));
    (await attempt(0)).succeed();
    (await attempt(2)).succeed();
    await Promise.all(done);
    expect(worker.full).toBe(false);
  });

  test("equal jobs are one, whoever delivers them; others are not", async () => {
    const worker = open({ concurrency: 9 });
    const done = [worker.run(job(1)), worker.run(job(1)), worker.accept(job(1))];
    expect(worker.size).toBe(1);
    await done[2];
    // Another token isn't the same job; it has nothing left to do.
    expect(await worker.run(job(1, { claim: "other" }))).toBeUndefined();
    (await attempt(0)).succeed();
    expect(await Promise.all(done)).toEqual(["made", "made", false]);
    expect(attempts).toHaveLength(1);
  });

  test("a retry's pause and the wait for logs hold no slot", async () => {
    const ready = new Date(Date.now() + 3_600_000);
    const worker = open({
      retryDelayMs: 3_600_000,
      readyAt: ({ claim }) => (claim === "token 1" ? ready : undefined),
    });
    await worker.accept(job(1));
    await worker.accept(job(2));
    (await attempt(0)).fail(passing);
    await worker.accept(job(3));
    expect((await attempt(1)).job).toEqual(job(3));
    await worker.stop(0);
  });
});

describe("failures of a job that is taken over", () => {
  test("are retried after pauses that double, then the claim tells why", async () => {
    const worker = open({ retryDelayMs: 20 });
    await worker.accept(job(1));
    for (let n = 0; n < 4; n++) (await attempt(n)).fail(passing);
    await eventually(() => expect(worker.size).toBe(0));
    expect(failures.map(({ final }) => final)).toEqual([false, false, false, true]);
    const [a = 0, b = 0, c = 0, d = 0] = attempts.map(({ at }) => at);
    // Timers may fire a millisecond early.
    expect(b - a).toBeGreaterThan(18);
    expect(c - b).toBeGreaterThan(38);
    expect(d - c).toBeGreaterThan(78);
    expect(await claimOf(job(1))).toMatchObject({ state: "failed", reason: "because it rained" });
  });

  test.for([
    ["corrupt input", new CorruptInputError("13 fields")],
    ["what no retry can mend", new DependencyError("digester", "no bucket", { transient: false })],
  ] as const)("%s is never retried", async ([, error]) => {
    const worker = open({ retryDelayMs: 1 });
    await worker.accept(job(1));
    (await attempt(0)).fail(error);
    await eventually(() => expect(worker.size).toBe(0));
    expect(failures).toEqual([{ job: job(1), error, final: true }]);
    expect(attempts).toHaveLength(1);
    expect(await claimOf(job(1))).toMatchObject({ state: "failed" });
  });

  test("a success after a failure is a success", async () => {
    const worker = open({ retryDelayMs: 1 });
    await worker.accept(job(1));
    (await attempt(0)).fail(passing);
    (await attempt(1)).succeed();
    await eventually(() => expect(worker.size).toBe(0));
    expect(await claimOf(job(1))).toBeUndefined();
  });

  test("who waits and who doesn't get the same attempts, once one doesn't", async () => {
    const worker = open({ retryDelayMs: 1 });
    const done = worker.run(job(1));
    await worker.accept(job(1));
    (await attempt(0)).fail(passing);
    (await attempt(1)).succeed();
    expect(await done).toBe("made");
  });

  test("nobody is told that a job is taken care of that has just failed", async () => {
    const worker = open();
    const done = worker.run(job(1));
    const { fail } = await attempt(0);
    marker.faults.replace = ["hang"];
    fail(passing);
    await eventually(() => expect(marker.count("replace")).toBe(1));
    await expect(worker.accept(job(1))).rejects.toBeInstanceOf(RetryLaterError);
    expect(failures).toHaveLength(1);
    void done;
  });

  test("a claim that can't say so lapses", async () => {
    const worker = open();
    await worker.accept(job(1));
    const { fail } = await attempt(0);
    marker.down = "before";
    fail(new CorruptInputError("13 fields"));
    await eventually(() => expect(worker.size).toBe(0));
    expect(failures).toMatchObject([{ error: { message: "13 fields" }, final: true }]);
    expect(claimFailures).toMatchObject([{ message: "the store is down" }]);
    expect(await claimOf(job(1))).toMatchObject({ state: "working" });
  });
});

describe("failures of a job whose deliverer waits", () => {
  test("are the deliverer's: one attempt, the reason recorded, the claim left to the next delivery", async () => {
    const worker = open();
    const done = worker.run(job(1));
    (await attempt(0)).fail(passing);
    await expect(done).rejects.toBe(passing);
    expect(attempts).toHaveLength(1);
    expect(await claimOf(job(1))).toMatchObject({ state: "queued", reason: "because it rained" });
    const again = worker.run(job(1));
    (await attempt(1)).succeed();
    expect(await again).toBe("made");
  });

  test("corrupt input is final", async () => {
    const worker = open();
    const corrupt = new CorruptInputError("13 fields");
    const done = worker.run(job(1));
    (await attempt(0)).fail(corrupt);
    await expect(done).rejects.toBe(corrupt);
    expect(await claimOf(job(1))).toMatchObject({ state: "failed", reason: "because 13 fields" });
    expect(await worker.run(job(1))).toBeUndefined();
  });
});

describe("too early", () => {
  test("a deliverer that waits comes back later, and the claim lives until then", async () => {
    const error: unknown = await open({
      readyAt: () => new Date(Date.now() + 3_600_000),
      queuedMs: () => 600_000,
    })
      .run(job(1))
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RetryLaterError);
    expect(error).toHaveProperty("retryAfterMs", expect.closeTo(3_600_000, -4));
    expect(await claimOf(job(1))).toMatchObject({ state: "queued", waitMs: expect.closeTo(4_200_000, -4) });
    expect(attempts).toEqual([]);
  });

  test.for([false, true])(
    "a job that is taken over waits in process; its claim can't be told: %s",
    async (down) => {
      // Long enough to see the claim before, on a busy machine.
      const ready = new Date(Date.now() + 2000);
      const worker = open({ readyAt: () => ready });
      if (down) marker.faults.replace = ["before"];
      await worker.accept(job(1));
      const told = { state: "working", notBefore: ready.toISOString() };
      if (!down) await eventually(async () => expect(await claimOf(job(1))).toMatchObject(told));
      const { at, succeed } = await attempt(0);
      expect(performance.timeOrigin + at).toBeGreaterThan(ready.getTime() - 2);
      succeed();
      await eventually(() => expect(worker.size).toBe(0));
      expect(claimFailures).toHaveLength(down ? 1 : 0);
      expect(failures).toEqual([]);
    },
  );
});

describe("a claim that is lost", () => {
  test.for(["run", "accept"] as const)("ends the attempt, for good, and is left alone: %s", async (how) => {
    const worker = open({ retryDelayMs: 1 });
    const done = worker[how](job(1)).catch((error: unknown) => error);
    const { claim, signal } = await attempt(0);
    await steal();
    await expect(claim.confirm()).rejects.toBeInstanceOf(LostClaimError);
    expect(signal.reason).toBeInstanceOf(LostClaimError);
    await eventually(() => expect(worker.size).toBe(0));
    if (how === "run") expect(await done).toBeInstanceOf(RetryLaterError);
    expect(attempts).toHaveLength(1);
    expect(await claimOf(job(1))).toMatchObject({ state: "working", holder: "thief" });
    expect(failures).toMatchObject([{ error: { name: "LostClaimError" } }]);
  });

  test("ends the wait for a slot as well", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const worker = open();
    await worker.accept(job(2));
    await attempt(0);
    const done = worker.run(job(1)).catch((error: unknown) => error);
    await eventually(async () => expect(await claimOf(job(1))).toMatchObject({ state: "working" }));
    await steal();
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS / 3);
    expect(await done).toBeInstanceOf(RetryLaterError);
    expect(worker.size).toBe(1);
  });
});

describe("stopping", () => {
  test("what waits becomes free at once, what runs may finish, and nothing new is taken", async () => {
    const ready = new Date(Date.now() + 3_600_000);
    const worker = open({ readyAt: ({ claim }) => (claim === "token 3" ? ready : undefined) });
    const running = worker.run(job(1));
    const waiting = worker.run(job(2)).catch((error: unknown) => error);
    await worker.accept(job(3));
    await attempt(0);
    const stopped = worker.stop(60_000);
    expect(await waiting).toBeInstanceOf(RetryLaterError);
    expect(await claimOf(job(2))).toMatchObject({ state: "free" });
    await eventually(async () => expect(await claimOf(job(3))).toMatchObject({ state: "free" }));
    expect(await claimOf(job(3))).not.toHaveProperty("notBefore");
    await expect(worker.run(job(4))).rejects.toThrow("stopping");
    expect(worker.full).toBe(true);
    (await attempt(0)).succeed();
    expect(await running).toBe("made");
    await stopped;
    expect(await claimOf(job(1))).toBeUndefined();
  });

  test("what still runs at the end of the grace is aborted and becomes free", async () => {
    const worker = open();
    const running = worker.run(job(1)).catch((error: unknown) => error);
    const { signal } = await attempt(0);
    await worker.stop(1);
    expect(signal.reason).toBeInstanceOf(StoppingError);
    expect(await running).toBeInstanceOf(RetryLaterError);
    expect(await claimOf(job(1))).toMatchObject({ state: "free" });
    expect(failures).toMatchObject([{ error: { name: "StoppingError" } }]);
  });

  test("a job between two attempts becomes free", async () => {
    const worker = open({ retryDelayMs: 3_600_000 });
    await worker.accept(job(1));
    (await attempt(0)).fail(passing);
    await eventually(() => expect(failures).toHaveLength(1));
    await worker.stop(60_000);
    expect(await claimOf(job(1))).toMatchObject({ state: "free" });
  });

  test("a job whose claim is being taken becomes free", async () => {
    const worker = open();
    const done = worker.accept(job(1));
    await worker.stop(60_000);
    await done;
    expect(await claimOf(job(1))).toMatchObject({ state: "free" });
  });
});
