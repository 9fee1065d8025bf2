import { EventEmitter, once } from "node:events";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { RetryLaterError } from "../src/errors.js";
import { type Job, toMessage } from "../src/job.js";
import { scopeOf } from "../src/scope.js";
import { ScopeError } from "../src/scope-parts.js";
import { eventually } from "./support/eventually.js";
import { never, Process, Stores, TIMEOUT_MS, window } from "./support/processes.js";

let stores: Stores;
let a: Process;
let b: Process;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
  stores = new Stores();
  a = new Process(stores);
  b = new Process(stores);
});

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all([a.service.stop(), b.service.stop()]);
});

/** Has the job that a request leaves, as its queue has it. */
async function queued(by = a, refresh = false): Promise<Job> {
  expect(await by.service.request(window, refresh)).toMatchObject({ state: "queued" });
  const job = stores.queue.jobs.pop();
  if (job === undefined) throw new Error("expected a job in the queue");
  return job;
}

describe("a request", () => {
  test("of a graph that is there changes nothing", async () => {
    await stores.put();
    expect(await a.service.request(window, false)).toEqual({ state: "exists" });
    expect(await stores.claim()).toBeUndefined();
  });

  test("looks again once it has the claim: a job may have ended in between", async () => {
    const read = a.marker.next("read");
    const request = a.service.request(window, false);
    // It has seen no graph, and is about to see no claim.
    const held = await read;
    await stores.put();
    held.pass();
    expect(await request).toEqual({ state: "exists" });
    expect(stores.queue.jobs).toEqual([]);
    expect(await stores.claim()).toBeUndefined();
  });

  test("of two at the same moment, in two processes, one is queued", async () => {
    const creations = [a.marker.next("create"), b.marker.next("create")] as const;
    const requests = [a.service.request(window, false), b.service.request(window, false)];
    // Both have seen that there is no claim.
    for (const creation of creations) (await creation).pass();
    expect((await Promise.all(requests)).map(({ state }) => state).toSorted()).toEqual([
      "in progress",
      "queued",
    ]);
    expect(stores.queue.jobs).toHaveLength(1);
  });

  test("whose job a worker has taken, although the queue failed, leaves the worker's claim alone", async () => {
    const queue = a.queuer.next("queue");
    const request = a.service.request(window, false);
    const held = await queue;
    await held.perform();
    const [job] = stores.queue.jobs;
    if (job === undefined) throw new Error("expected a job in the queue");
    const digest = b.digester.next("digest");
    const produced = b.service.produce(job);
    const working = await digest;
    held.fail(new RetryLaterError("the queue is full", 1));
    await expect(request).rejects.toBeInstanceOf(RetryLaterError);
    expect(await stores.claim()).toMatchObject({ state: "working" });
    working.pass();
    expect(await produced).toBe(true);
  });

  test("that takes an abandoned refresh over has it made again, too", async () => {
    await queued(a, true);
    vi.advanceTimersByTime(TIMEOUT_MS);
    expect(await queued()).toMatchObject({ refresh: true });
    expect(await stores.claim()).toMatchObject({ refresh: true });
  });
});

describe("a job that lies in a queue", () => {
  const QUEUED_MS = 3 * TIMEOUT_MS;

  beforeEach(() => {
    a = new Process(stores, { queuedTimeoutMs: QUEUED_MS });
  });

  test("keeps its claim for a time of its own", async () => {
    await queued();
    vi.advanceTimersByTime(QUEUED_MS - 1);
    expect(await b.service.request(window, false)).toEqual({ state: "in progress" });
    vi.advanceTimersByTime(1);
    expect(await b.service.request(window, false)).toMatchObject({ state: "queued" });
  });

  test("has none yet while it is on its way there: whoever sends it may be killed", async () => {
    const sent = a.queuer.next("queue");
    const request = a.service.request(window, false);
    const held = await sent;
    expect(await stores.claim()).not.toHaveProperty("waitMs");
    held.pass();
    await request;
    expect(await stores.claim()).toHaveProperty("waitMs", QUEUED_MS - TIMEOUT_MS);
  });

  test("of this process itself doesn't lie there", async () => {
    Object.assign(stores.queue, { local: true });
    await queued();
    expect(await stores.claim()).not.toHaveProperty("waitMs");
  });

  test("has no more than the others once it has failed", async () => {
    const job = await queued();
    const digest = b.digester.next("digest");
    const fate = b.service.work(job);
    (await digest).fail(new Error("it rained"));
    expect(await fate).toMatchObject({ fate: "again" });
    expect(await stores.claim()).toMatchObject({ state: "queued", reason: expect.any(String) });
    vi.advanceTimersByTime(TIMEOUT_MS);
    expect(await a.service.request(window, false)).toMatchObject({ state: "queued" });
  });

  test("is queued although its claim can't be kept for long", async () => {
    const kept = a.marker.next("replace");
    const request = a.service.request(window, false);
    (await kept).fail(new Error("the store is away"));
    expect(await request).toMatchObject({ state: "queued" });
    expect(await stores.claim()).toMatchObject({ state: "queued" });
  });
});

describe("a request that is refused gives back what it took over", () => {
  /** Ways to be refused once the claim is taken. */
  const refusals = {
    "the graph is there by now": async () => {
      const held = a.storage.next("head");
      const request = a.service.request(window, false);
      const again = held.then((first) => {
        const second = a.storage.next("head");
        first.pass();
        return second;
      });
      const second = await again;
      await stores.put();
      second.pass();
      expect(await request).toEqual({ state: "exists" });
    },
    "the queue is full": async () => {
      const held = a.queuer.next("queue");
      const request = a.service.request(window, false);
      (await held).fail(new RetryLaterError("the queue is full", 1));
      await expect(request).rejects.toBeInstanceOf(RetryLaterError);
    },
  };

  describe.for(Object.entries(refusals))("because %s:", ([, refuse]) => {
    test("nothing", async () => {
      await refuse();
      expect(await stores.claim()).toBeUndefined();
    });

    test.for(["queued", "working"] as const)(
      "a lapsed %s claim, whose job is still taken up",
      async (state) => {
        const job = await queued(b, true);
        const killed = b.digester.next("digest");
        if (state === "working") {
          void b.service.produce(job).catch(() => undefined);
          await killed;
          // It renews nothing from here on.
          vi.clearAllTimers();
        }
        const before = await stores.claim();
        vi.advanceTimersByTime(TIMEOUT_MS);
        await refuse();
        expect(await stores.claim()).toMatchObject({ ...before });
        // As old as it was: nobody waits for it, whoever is asked.
        const other = new Process(stores);
        const digest = other.digester.next("digest");
        const produced = other.service.produce(job);
        (await digest).pass();
        expect(await produced).toBe(true);
        expect(await stores.graph()).toContain('"10.0.0.1"');
        if (state === "working") (await killed).fail(new Error("killed"));
      },
    );

    test("a failed one, with its reason", async () => {
      const job = await queued(b);
      const digest = b.digester.next("digest");
      const accepted = b.service.accept(job);
      (await digest).fail(new Error("it rained"));
      await accepted;
      await eventually(async () => expect(await stores.claim()).toMatchObject({ state: "failed" }));
      const before = await stores.claim();
      await refuse();
      expect(await stores.claim()).toMatchObject({ ...before });
    });
  });
});

describe("a look-up", () => {
  test("looks at the storage last: a job may have ended while it looked at the claim", async () => {
    for (const look of ["fetch", "head"] as const) {
      stores = new Stores();
      a = new Process(stores);
      const read = a.marker.next("read");
      const found = a.service[look](window, never);
      const held = await read;
      await stores.put();
      held.pass();
      expect(await found).toMatchObject({ state: "stored" });
    }
  });

  test.for(["storage", "marker"] as const)("that a %s keeps waiting blames that one", async (name) => {
    for (const ask of [() => a.service.head(window, never), () => a.service.request(window, false)]) {
      const call = name === "storage" ? a.storage.next("head") : a.marker.next("read");
      const asked = expect(ask()).rejects.toMatchObject({
        dependency: name,
        timedOut: true,
        transient: true,
      });
      await call;
      await vi.advanceTimersByTimeAsync(30_000);
      await asked;
    }
  });
});

describe("a job", () => {
  test("says that AWS lost records, also those that a digester which reads flow logs itself met", async () => {
    const job = await queued();
    const digest = a.digester.next("digest");
    const produced = a.service.produce(job);
    const lines = [
      "2 1 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 40 1 2 ACCEPT OK",
      "2 1 eni-1 - - - - - - - 1 2 - SKIPDATA",
    ];
    (await digest).answer({
      body: Readable.from([Buffer.from(lines.join("\n"))]),
      counts: { files: 3, skipdata: 2 },
    });
    await produced;
    const incomplete = { message: "graph-incomplete", graphId: window.id, skipdata: 3 };
    expect(a.records.events).toContainEqual(expect.objectContaining(incomplete));
    expect(a.records.counted("grapherd.digest.records", { kind: "skipdata" })).toBe(3);
  });

  test("whose claim was lost while it stored leaves its successor's graph", async () => {
    const job = await queued();
    const store = a.storage.next("store");
    const first = expect(a.service.produce(job)).rejects.toBeInstanceOf(RetryLaterError);
    const held = await store;
    // It stands still for longer than the timeout, and another process does the job.
    vi.clearAllTimers();
    vi.advanceTimersByTime(TIMEOUT_MS);
    expect(await b.service.produce(job)).toBe(true);
    const graph = await stores.graph();
    await stores.put();
    held.pass();
    await first;
    expect(graph).toContain('"10.0.0.1"');
    expect(await stores.graph()).toBe("digraph {\n}\n");
  });

  test("that is paused after its last look at its claim doesn't store over its successor", async () => {
    const job = await queued();
    const store = stores.storage.store.bind(stores.storage);
    const commit = new EventEmitter();
    const pausing = once(commit, "paused");
    vi.spyOn(stores.storage, "store").mockImplementationOnce(async (id, body, options) => {
      const beforeCommit = async () => {
        await options.beforeCommit();
        const resumed = once(commit, "resumed");
        commit.emit("paused");
        await resumed;
      };
      // What is on its way heeds no signal.
      await store(id, body, { ...options, signal: never, beforeCommit });
    });
    const first = expect(a.service.produce(job)).rejects.toBeInstanceOf(RetryLaterError);
    await pausing;
    vi.clearAllTimers();
    vi.advanceTimersByTime(TIMEOUT_MS);
    expect(await b.service.produce(job)).toBe(true);
    const version = (await stores.storage.head(window.id, never))?.version;
    commit.emit("resumed");
    await first;
    expect((await stores.storage.head(window.id, never))?.version).toBe(version);
    expect(a.records.events).toContainEqual(expect.objectContaining({ message: "claim-lost" }));
  });

  test("that is stored counts once, whatever becomes of its claim", async () => {
    const job = await queued();
    const remove = a.marker.next("remove");
    const produced = a.service.produce(job);
    (await remove).fail(new Error("the store is down"));
    expect(await produced).toBe(true);
    expect(a.records.outcomes).toEqual(["stored"]);
    expect(a.records.events).toContainEqual(
      expect.objectContaining({ message: "dependency-failure", dependency: "marker", graphId: window.id }),
    );
    // Whoever meets the claim finds the graph, and has nothing to do but release it.
    vi.advanceTimersByTime(TIMEOUT_MS);
    expect(await b.service.produce(job)).toBe(false);
    expect(await stores.claim()).toBeUndefined();
    expect(b.records.outcomes).toEqual([]);
  });
});

describe("a delivery ends in a fate", () => {
  test("done: the graph is stored, or nothing is left to do", async () => {
    const job = await queued();
    expect(await a.service.deliver(toMessage(job))).toEqual({ fate: "done" });
    expect(await stores.graph()).toContain('"10.0.0.1"');
    expect(await b.service.deliver(toMessage(job))).toEqual({ fate: "done" });
  });

  test.for([
    ["no job", "hello"],
    [
      "somebody else's id",
      { ...toMessage({ window, refresh: false, claim: undefined }), start: "2019-06-01T00:30:00Z" },
    ],
  ])("drop: %s", async ([, delivered]) => {
    expect(await a.service.deliver(delivered)).toMatchObject({ fate: "drop" });
    expect(await stores.claim()).toBeUndefined();
  });

  test("drop: what is no job, with what is wrong in words, and without what was sent", async () => {
    const { id, stop } = window;
    const { error } = z
      .object({ error: z.instanceof(Error) })
      .parse(await a.service.deliver({ id, start: "secret", stop }));
    expect(error.message).toBe("start must be an RFC 3339 time such as 2019-06-01T00:00:00Z");
    expect(await a.service.deliver({ id: "x", start: 1, stop })).toMatchObject({
      error: {
        message: expect.stringMatching(/^id: expected a graph id.*; start: .*expected string/) as unknown,
      },
    });
  });

  const scoped = window.within(scopeOf({ vpc: "vpc-1" }));
  const beyond = {
    checkScope: () => {
      throw new ScopeError("vpc must be another");
    },
  };

  test.for([
    [
      "a window that is too long for it",
      window,
      () => new Process(stores, { maxWindowMs: 1_800_000 }),
      "the window is longer than GRAPH_MAX_WINDOW of the worker",
    ],
    ["a scope beyond its own", scoped, () => new Process(stores, {}, beyond), "vpc must be another"],
    [
      "a scope, which its digester doesn't know",
      scoped,
      () => new Process(stores),
      "account, region and vpc can't be given: the digester of this service gives all flow logs or none",
    ],
  ] as const)(
    "drop, and a reason to who asks: this process may not do it, %s",
    async ([, of, start, reason]) => {
      const asking = new Process(stores, {}, { checkScope: () => undefined });
      expect(await asking.service.request(of, false)).toMatchObject({ state: "queued" });
      const [job] = stores.queue.jobs;
      if (job === undefined) throw new Error("expected a job in the queue");
      const worker = start();
      const fate = await worker.service.deliver(toMessage(job));
      expect(fate).toMatchObject({ fate: "drop", error: { name: "CorruptInputError", message: reason } });
      expect(await asking.service.head(of, never)).toMatchObject({ state: "absent", reason });
      expect(await asking.service.request(of, false)).toMatchObject({ state: "queued" });
    },
  );

  test("drop: its flow logs are corrupt", async () => {
    const job = await queued();
    const digest = a.digester.next("digest");
    const fate = a.service.deliver(toMessage(job));
    (await digest).answer({ body: Readable.from([Buffer.from("<html>\n")]) });
    expect(await fate).toMatchObject({ fate: "drop", error: { name: "CorruptInputError" } });
  });

  test("later, and when: another process works on it", async () => {
    const job = await queued();
    const digest = a.digester.next("digest");
    const first = a.service.deliver(toMessage(job));
    const held = await digest;
    vi.advanceTimersByTime(1000);
    expect(await b.service.deliver(toMessage(job))).toMatchObject({
      fate: "later",
      afterMs: TIMEOUT_MS - 1000,
    });
    held.pass();
    expect(await first).toEqual({ fate: "done" });
  });

  test("again: it failed, and may not the next time", async () => {
    const job = await queued();
    const digest = a.digester.next("digest");
    const fate = a.service.deliver(toMessage(job));
    (await digest).fail(new Error("it rained"));
    expect(await fate).toMatchObject({ fate: "again", error: { message: "it rained" } });
    expect(await b.service.deliver(toMessage(job))).toEqual({ fate: "done" });
  });
});

test("whoever delivers starts last, is told to drain first, and stops before the modules", async () => {
  const events: string[] = [];
  const told = (name: string) => ({
    start: async () => void events.push(`${name} starts`),
    drain: async () => void events.push(`${name} drains`),
    stop: async () => void events.push(`${name} stops`),
  });
  const { service } = new Process(stores, {}, { ...told("digester") }, [told("deliverer")]);
  await service.start();
  await service.stop();
  expect(events).toEqual([
    "digester starts",
    "deliverer starts",
    "deliverer drains",
    "digester drains",
    "deliverer stops",
    "digester stops",
  ]);
});
