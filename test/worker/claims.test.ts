import { randomUUID } from "node:crypto";
import { utimes, readdir, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RetryLaterError } from "../../src/errors.js";
import type { Job } from "../../src/job.js";
import { DiskMarker } from "../../src/marker/disk.js";
import type { Claim, Marker } from "../../src/marker/marker.js";
import { MemoryMarker } from "../../src/marker/memory.js";
import { scopeOf } from "../../src/scope.js";
import { TimeWindow } from "../../src/window.js";
import { Claims, timesOf } from "../../src/worker/claims.js";
import type { HeldClaim } from "../../src/worker/held-claim.js";
import { temporaryDir } from "../support/temporary-dir.js";
import { FaultyMarker } from "./faulty-marker.js";

const TIMEOUT_MS = 60_000;
const window = TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z");

interface Store {
  readonly marker: Marker;
  /** Makes the record as old as this. */
  age(ms: number): Promise<void>;
  /** Puts there what the Go service left. */
  plant?(text: string): Promise<void>;
  close(): Promise<void>;
}

function memory(): Promise<Store> {
  vi.useFakeTimers({ toFake: ["performance"] });
  return Promise.resolve({
    marker: new MemoryMarker(),
    age: async (ms) => void vi.advanceTimersByTime(ms),
    close: async () => void vi.useRealTimers(),
  });
}

async function disk(): Promise<Store> {
  const dir = await temporaryDir();
  const marker = new DiskMarker({ dir: dir.path, staleMs: TIMEOUT_MS });
  await marker.start();
  const record = join(dir.path, "claims", `${window.id}_in_progress`);
  return {
    marker,
    age: async (ms) => {
      const time = new Date(Date.now() - ms);
      for (const name of await readdir(record)) await utimes(join(record, name), time, time);
    },
    plant: async (text) => {
      await mkdir(record);
      await writeFile(join(record, "claim.1"), "");
      await writeFile(join(record, "1.json"), text);
    },
    close: async () => {
      await marker.stop();
      await dir.remove();
    },
  };
}

function jobOf({ claim }: HeldClaim, more: Partial<Job> = {}): Job {
  return { window, refresh: claim.refresh, claim: claim.token, ...more };
}

describe.for([
  ["MemoryMarker", memory],
  ["DiskMarker", disk],
] as const)("Claims over %s", ([, open]) => {
  let store: Store;
  let claims: Claims;
  /** As another process sees the same store. */
  let others: Claims;

  beforeEach(async () => {
    store = await open();
    claims = new Claims(store.marker, { timeoutMs: TIMEOUT_MS });
    others = new Claims(store.marker, { timeoutMs: TIMEOUT_MS });
  });

  afterEach(() => store.close());

  async function requested(signal: AbortSignal, refresh = false, notBefore?: Date): Promise<HeldClaim> {
    const held = await claims.request(window, refresh, notBefore, signal);
    if (held === undefined) throw new Error("expected to get the claim");
    return held;
  }

  async function working(job: Job, signal: AbortSignal): Promise<HeldClaim> {
    const held = await claims.work(job, signal);
    if (held === undefined) throw new Error("expected something to do");
    return held;
  }

  async function found(signal: AbortSignal): Promise<Claim | null | undefined> {
    return (await store.marker.read(window.id, signal))?.claim;
  }

  async function abandoned(signal: AbortSignal): Promise<Job[]> {
    const jobs: Job[] = [];
    for await (const { job, abandonedInMs } of others.unfinished(signal)) {
      if (abandonedInMs <= 0) jobs.push(job);
    }
    return jobs;
  }

  test("absent → queued → working → absent", async ({ signal }) => {
    expect(await claims.progress(window, signal)).toEqual({ state: "none" });
    const request = await requested(signal);
    expect(await found(signal)).toMatchObject({
      token: request.claim.token,
      start: window.start,
      stop: window.stop,
      refresh: false,
      state: "queued",
    });
    const held = await working(jobOf(request), signal);
    expect(held.claim).toMatchObject({ token: request.claim.token, state: "working" });
    expect(await found(signal)).toEqual(held.claim);
    expect(await others.progress(window, signal)).toEqual({ state: "in progress", notBefore: undefined });
    await held.release();
    expect(await found(signal)).toBeUndefined();
  });

  test("a scope of the window has a claim of its own, whose job is taken up as it was asked for", async ({
    signal,
  }) => {
    const scoped = window.within(scopeOf({ vpc: "vpc-1" }));
    await requested(signal);
    const held = await claims.request(scoped, true, undefined, signal);
    expect((await store.marker.read(scoped.id, signal))?.claim).toMatchObject({ scope: "vpc=vpc-1" });
    expect(await found(signal)).not.toHaveProperty("scope");
    expect(await others.request(scoped, false, undefined, signal)).toBeUndefined();
    await held?.leave("free");
    expect(await abandoned(signal)).toEqual([{ window: scoped, refresh: true, claim: held?.claim.token }]);

    // What a refused request gives back, and a worker that stops, is owed as before.
    const worker = await claims.work({ window: scoped, refresh: true, claim: held?.claim.token }, signal);
    await worker?.giveBack();
    expect(await abandoned(signal)).toMatchObject([{ window: { id: scoped.id, scope: "vpc=vpc-1" } }]);
  });

  test.for(["queued", "working", "free"] as const)(
    "nobody else may request a fresh %s one",
    async (state, { signal }) => {
      const held = await requested(signal);
      if (state !== "queued") {
        const worker = await working(jobOf(held), signal);
        if (state === "free") await worker.leave(state);
      }
      await store.age(TIMEOUT_MS - 5000);
      expect(await others.request(window, false, undefined, signal)).toBeUndefined();
      expect(await found(signal)).toMatchObject({ state, token: held.claim.token });
    },
  );

  test.for(["queued", "working", "free", "failed"] as const)(
    "a lapsed %s one counts as absent",
    async (state, { signal }) => {
      const first = await requested(signal, true);
      if (state !== "queued") {
        const worker = await working(jobOf(first), signal);
        if (state !== "working") await worker.leave(state, { reason: "it rained" });
      }
      await store.age(TIMEOUT_MS + 5000);
      expect(await claims.progress(window, signal)).toMatchObject({ state: "failed" });
      const next = await others.request(window, false, undefined, signal);
      expect(await found(signal)).toEqual(next?.claim);
      expect(next?.claim).toMatchObject({ state: "queued", refresh: state !== "failed" });
      expect(next?.claim).not.toHaveProperty("reason");
      // The first job, which comes late, finds that somebody else has been asked.
      expect(await claims.work(jobOf(first), signal)).toBeUndefined();
    },
  );

  test("a lapsed claim is a reason, and not nothing", async ({ signal }) => {
    await requested(signal);
    await store.age(TIMEOUT_MS + 5000);
    expect(await claims.progress(window, signal)).toEqual({
      state: "failed",
      reason: "no worker finished this graph in time; ask again",
    });
  });

  test("a failed one shows its reason, and the next request takes it", async ({ signal }) => {
    const held = await working(jobOf(await requested(signal)), signal);
    await held.leave("failed", { reason: "it rained" });
    expect(await claims.progress(window, signal)).toEqual({ state: "failed", reason: "it rained" });
    expect(await found(signal)).not.toHaveProperty("holder");
    // Delivered again, the job has nothing left to do.
    expect(await claims.work(jobOf(held), signal)).toBeUndefined();
    await requested(signal);
    expect(await claims.progress(window, signal)).toMatchObject({ state: "in progress" });
  });

  test.for(["free", "queued"] as const)(
    "%s is taken by a worker that has the job, reason kept",
    async (state, { signal }) => {
      const held = await working(jobOf(await requested(signal)), signal);
      await held.leave(state, { reason: "it rained" });
      expect(await claims.progress(window, signal)).toMatchObject({ state: "in progress" });
      const next = await others.work(jobOf(held), signal);
      expect(next?.claim).toMatchObject({ state: "working", token: held.claim.token, reason: "it rained" });
    },
  );

  test("a working one is its holder's: come back when it could have lapsed", async ({ signal }) => {
    const held = await working(jobOf(await requested(signal)), signal);
    await store.age(20_000);
    const error: unknown = await others.work(jobOf(held), signal).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RetryLaterError);
    expect(error).toHaveProperty("retryAfterMs", expect.closeTo(40_000, -4));
  });

  test("another token has nothing left to do while the claim is fresh", async ({ signal }) => {
    const held = await requested(signal);
    expect(await claims.work(jobOf(held, { claim: "other" }), signal)).toBeUndefined();
    expect(await found(signal)).toEqual(held.claim);
  });

  test("another token takes over a lapsed claim, and what it was asked for", async ({ signal }) => {
    await requested(signal, true);
    await store.age(TIMEOUT_MS + 5000);
    const held = await claims.work({ window, refresh: false, claim: "other" }, signal);
    expect(held?.claim).toMatchObject({ token: "other", state: "working", refresh: true });
  });

  test("a job without a token, of an older producer, gets a claim, or takes one that nobody works on", async ({
    signal,
  }) => {
    const job = { window, refresh: false, claim: undefined };
    const made = await working(job, signal);
    expect(made.claim.token).not.toBe("");
    await expect(others.work(job, signal)).rejects.toThrow(RetryLaterError);
    await made.leave("failed", { reason: "it rained" });
    const again = await others.work(job, signal);
    expect(again?.claim).toMatchObject({ token: made.claim.token, state: "working" });
  });

  test("a job whose claim is gone makes one; a refresh has been done", async ({ signal }) => {
    expect(await claims.work({ window, refresh: true, claim: "a" }, signal)).toBeUndefined();
    const held = await claims.work({ window, refresh: false, claim: "a" }, signal);
    expect(held?.claim).toMatchObject({ token: "a", state: "working" });
  });

  test("what was asked as a refresh stays one, whatever the job says", async ({ signal }) => {
    const held = await requested(signal, true);
    expect((await claims.work(jobOf(held, { refresh: false }), signal))?.claim.refresh).toBe(true);
  });

  test("a bare time of the Go service is work in progress until it lapses", async ({ signal }) => {
    if (store.plant === undefined) return;
    await store.plant("2019-06-01T00:00:00Z");
    expect(await claims.progress(window, signal)).toMatchObject({ state: "in progress" });
    expect(await claims.request(window, false, undefined, signal)).toBeUndefined();
    const job = { window, refresh: false, claim: undefined };
    await expect(claims.work(job, signal)).rejects.toThrow(RetryLaterError);
    await store.age(TIMEOUT_MS + 5000);
    expect(await abandoned(signal)).toEqual([]);
    expect(await claims.progress(window, signal)).toEqual({
      state: "failed",
      reason: "an older service began this graph and didn't finish it; ask again",
    });
    expect((await claims.work(job, signal))?.claim).toMatchObject({ state: "working" });
  });

  test("a queued one lives until its job may begin, and the timeout after that", async ({ signal }) => {
    const notBefore = new Date(Date.now() + 3_600_000);
    const held = await requested(signal, false, notBefore);
    expect(await claims.progress(window, signal)).toEqual({ state: "in progress", notBefore });
    await store.age(3_600_000 + TIMEOUT_MS - 5000);
    expect(await others.request(window, false, undefined, signal)).toBeUndefined();
    await store.age(3_600_000 + TIMEOUT_MS + 5000);
    expect(await others.request(window, false, undefined, signal)).toBeDefined();
    await held.release();
    expect(await found(signal)).toMatchObject({ state: "queued" });
  });

  test("a working one whose wait is told lapses like any other", async ({ signal }) => {
    const held = await working(jobOf(await requested(signal)), signal);
    await held.postpone(timesOf(new Date(Date.now() + 3_600_000)));
    expect(held.claim).toHaveProperty("waitMs");
    await store.age(TIMEOUT_MS + 5000);
    expect(await abandoned(signal)).toEqual([jobOf(held)]);
    const next = await others.work(jobOf(held), signal);
    expect(next?.claim).not.toHaveProperty("waitMs");
  });

  test("free and lapsed ones are abandoned, fresh and failed ones are not", async ({ signal }) => {
    const held = await working(jobOf(await requested(signal, true)), signal);
    expect(await abandoned(signal)).toEqual([]);
    await held.leave("free");
    expect(await abandoned(signal)).toEqual([{ window, refresh: true, claim: held.claim.token }]);
    const next = await working(jobOf(held), signal);
    await next.leave("failed", { reason: "it rained" });
    await store.age(TIMEOUT_MS + 5000);
    expect(await abandoned(signal)).toEqual([]);
  });

  test("of 60 simultaneous requests one wins; of 60 workers one", async ({ signal }) => {
    const sixty = Array.from({ length: 60 }, () => new Claims(store.marker, { timeoutMs: TIMEOUT_MS }));
    const requests = await Promise.all(sixty.map((one) => one.request(window, false, undefined, signal)));
    const [won, ...more] = requests.filter((held) => held !== undefined);
    expect(more).toEqual([]);
    const job: Job = { window, refresh: false, claim: won?.claim.token };
    const works = await Promise.allSettled(sixty.map((one) => one.work(job, signal)));
    expect(works.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await store.age(TIMEOUT_MS + 5000);
    const again = await Promise.all(sixty.map((one) => one.request(window, false, undefined, signal)));
    expect(again.filter((held) => held !== undefined)).toHaveLength(1);
  });

  test("a successor's claim is neither renewed, released nor left", async ({ signal }) => {
    const first = await working(jobOf(await requested(signal)), signal);
    await store.age(TIMEOUT_MS + 5000);
    // The same token, even.
    const second = await others.work(jobOf(first), signal);
    await first.release();
    await first.leave("failed", { reason: "it rained" });
    await expect(first.confirm()).rejects.toThrow("put down");
    expect(await found(signal)).toEqual(second?.claim);
    await second?.confirm();
    expect(second?.lost.aborted).toBe(false);
  });
});

describe("writes whose fate is unknown", () => {
  let marker: FaultyMarker;
  let claims: Claims;

  beforeEach(() => {
    marker = new FaultyMarker();
    claims = new Claims(marker, { timeoutMs: TIMEOUT_MS });
  });

  const job: Job = { window, refresh: false, claim: "a" };

  test("a claim that was written although the answer was lost is ours", async ({ signal }) => {
    marker.faults.create = ["after"];
    const request = await claims.request(window, false, undefined, signal);
    marker.faults.replace = ["after"];
    const held = await claims.work({ ...job, claim: request?.claim.token }, signal);
    await held?.confirm();
    await held?.release();
    expect(await marker.store.read(window.id, signal)).toBeUndefined();
  });

  test("one that was not written is a failure", async ({ signal }) => {
    marker.faults.create = ["before"];
    await expect(claims.work(job, signal)).rejects.toThrow("the store is down");
  });

  test("when nobody knows, the write's own failure counts", async ({ signal }) => {
    marker.faults.create = ["after"];
    marker.faults.read = [undefined, "before"];
    await expect(claims.work(job, signal)).rejects.toThrow("the answer was lost");
  });

  test("somebody else's, written at the same moment, isn't", async ({ signal }) => {
    await marker.store.create(window.id, claimOf("free"), signal);
    marker.faults.replace = ["before"];
    await expect(claims.work({ ...job, claim: "token" }, signal)).rejects.toThrow("the store is down");
  });

  test("a renewal is adopted by the next, and by the release", async ({ signal }) => {
    const held = await claims.work(job, signal);
    marker.faults.replace = ["after"];
    await expect(held?.confirm()).rejects.toThrow("the answer was lost");
    await held?.confirm();
    marker.faults.replace = ["after"];
    await expect(held?.confirm()).rejects.toThrow("the answer was lost");
    await held?.release();
    expect(await marker.store.read(window.id, signal)).toBeUndefined();
  });

  test("a request that was not queued for all it knows leaves the worker's claim alone", async ({
    signal,
  }) => {
    const request = await claims.request(window, false, undefined, signal);
    const held = await claims.work({ ...job, claim: request?.claim.token }, signal);
    await request?.release();
    expect((await marker.store.read(window.id, signal))?.claim).toEqual(held?.claim);
    await held?.leave("queued", { reason: "it rained" });
    await request?.release();
    expect((await marker.store.read(window.id, signal))?.claim).toMatchObject({ reason: "it rained" });
  });

  test("settled claims aren't read again by every survey", async ({ signal }) => {
    const held = await claims.work(job, signal);
    await held?.leave("failed", { reason: "it rained" });
    for (let round = 0; round < 3; round++) {
      const before = marker.count("read");
      for await (const survey of claims.unfinished(signal)) expect(survey).toBeUndefined();
      expect(marker.count("read") - before).toBe(round === 0 ? 1 : 0);
    }
    await claims.request(window, false, undefined, signal);
    const jobs: Job[] = [];
    for await (const { job } of claims.unfinished(signal)) jobs.push(job);
    expect(jobs).toMatchObject([{ window }]);
  });
});

function claimOf(state: Claim["state"]): Claim {
  return {
    token: "token",
    start: window.start,
    stop: window.stop,
    refresh: false,
    state,
    holder: randomUUID(),
  };
}
