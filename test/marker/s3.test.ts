import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Claim } from "../../src/marker/marker.js";
import { S3Marker } from "../../src/marker/s3.js";
import { markerContract } from "../contract/marker.js";
import { gate } from "../support/gate.js";
import { graphId } from "../support/graph-id.js";
import { slowDownEvery, type FaultRule } from "../support/s3/faults.js";
import { bucketOptions } from "../support/s3/modules.js";
import { S3Server } from "../support/s3/server.js";

const id = graphId(1);
const key = `${id}_in_progress`;
const HOUR_MS = 3_600_000;
const claim: Claim = {
  token: "a",
  start: "2019-06-01T00:00:00Z",
  stop: "2019-06-01T01:00:00Z",
  refresh: false,
  state: "working",
};

const loseAnswer: FaultRule = {
  when: ({ operation }) => operation === "PutObject",
  fault: { kind: "lose-answer" },
  times: 1,
};

markerContract("S3Marker", async () => {
  const server = await S3Server.start("claims");
  const bucket = server.bucket("claims");
  const marker = new S3Marker(bucketOptions(server, "claims"));
  const peer = new S3Marker(bucketOptions(server, "claims"));
  await Promise.all([marker.start(), peer.start()]);
  return {
    marker,
    peer,
    plant: async (id, text) => void bucket.put(`${id}_in_progress`, text),
    leftovers: async () => [
      ...bucket.keys().filter((key) => !key.endsWith("_in_progress")),
      ...server.open(),
    ],
    close: async () => {
      await Promise.all([marker.stop(), peer.stop()]);
      await server.stop();
    },
  };
});

describe("S3Marker", () => {
  let server: S3Server;
  let marker: S3Marker;

  beforeEach(async () => {
    server = await S3Server.start("claims");
    marker = new S3Marker(bucketOptions(server, "claims"));
  });

  afterEach(async () => {
    await marker.stop();
    await server.stop();
  });

  describe("when a write's answer is lost", () => {
    beforeEach(async () => {
      await marker.start();
    });

    test("a creation knows its own record", async ({ signal }) => {
      server.faults.add(loseAnswer);
      const version = await marker.create(id, claim, signal);
      expect(version).toEqual(expect.any(String));
      expect(await marker.read(id, signal)).toMatchObject({ claim, version });
    });

    test("a replacement knows its own record", async ({ signal }) => {
      const version = (await marker.create(id, claim, signal)) ?? "";
      server.faults.add(loseAnswer);
      const next = await marker.replace(id, version, { ...claim, token: "b" }, signal);
      expect(await marker.read(id, signal)).toMatchObject({ claim: { token: "b" }, version: next });
    });

    test("a removal knows its own tombstone", async ({ signal }) => {
      const version = (await marker.create(id, claim, signal)) ?? "";
      server.faults.add(loseAnswer);
      expect(await marker.remove(id, version, signal)).toBe(true);
      expect(server.bucket("claims").keys()).toEqual([]);
    });

    test("a removal whose deletion was applied has removed", async ({ signal }) => {
      const version = (await marker.create(id, claim, signal)) ?? "";
      server.faults.add({
        when: ({ operation }) => operation === "DeleteObject",
        fault: { kind: "lose-answer" },
        times: 1,
      });
      expect(await marker.remove(id, version, signal)).toBe(true);
      expect(server.bucket("claims").keys()).toEqual([]);
    });

    test("somebody else's equal claim isn't taken for its own", async ({ signal }) => {
      const other = new S3Marker(bucketOptions(server, "claims"));
      await other.create(id, claim, signal);
      server.faults.add(loseAnswer);
      expect(await marker.create(id, claim, signal)).toBeUndefined();
      await other.stop();
    });
  });

  test("conflicts are tried again", async ({ signal }) => {
    await marker.start();
    server.faults.add({
      when: ({ operation }) => operation === "PutObject",
      fault: { kind: "error", status: 409, code: "ConditionalRequestConflict" },
      times: 2,
    });
    expect(await marker.create(id, claim, signal)).toEqual(expect.any(String));
  });

  test("conflicts without end are a passing failure", async ({ signal }) => {
    await marker.start();
    const before = server.log.length;
    server.faults.add({ fault: { kind: "error", status: 409, code: "ConditionalRequestConflict" } });
    await expect(marker.create(id, claim, signal)).rejects.toMatchObject({
      dependency: "marker",
      transient: true,
      message: expect.stringMatching(/ConditionalRequestConflict/) as unknown,
    });
    expect(server.log.length - before).toBe(6);
  });

  test("of many creators one wins while every third request is slowed down", async ({ signal }) => {
    await marker.start();
    server.faults.add(slowDownEvery(3));
    const versions = await Promise.all(
      Array.from({ length: 12 }, async () => {
        try {
          return await marker.create(id, claim, signal);
        } catch {
          return undefined;
        }
      }),
    );
    const won = versions.filter((version) => version !== undefined);
    expect(won.length).toBeLessThanOrEqual(1);
    server.faults.clear();
    const record = await marker.read(id, signal);
    if (won.length === 1) expect(record?.version).toBe(won[0]);
  });

  test.for([-HOUR_MS, HOUR_MS])(
    "the age is the store's, whose clock is off by %i ms",
    async (offset, { signal }) => {
      server.clockOffsetMs = offset;
      await marker.start();
      await marker.create(id, claim, signal);
      expect((await marker.read(id, signal))?.ageMs).toBeLessThan(HOUR_MS / 2);
      server.clockOffsetMs += 90_000;
      const age = (await marker.read(id, signal))?.ageMs ?? 0;
      expect(age).toBeGreaterThanOrEqual(89_000);
      expect(age).toBeLessThan(HOUR_MS / 2);
    },
  );

  test("is never older than it is, although the store tells whole seconds", async ({ signal }) => {
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-01-01T00:01:00.000Z") });
    try {
      await marker.start();
      // A millisecond ago, in the second before.
      const modified = new Date("2026-01-01T00:00:59.999Z");
      server.bucket("claims").put(key, JSON.stringify(claim), { modified });
      expect((await marker.read(id, signal))?.ageMs).toBeLessThanOrEqual(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test.for([
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.1Z",
    "2026-01-01T00:00:00.123456789Z",
    "2026-01-01T02:00:00.5+02:00",
    "2026-01-01T00:00:00Z\n",
  ])("%j, which the Go service left, counts as working since then", async (text, { signal }) => {
    await marker.start();
    const bucket = server.bucket("claims");
    server.clockOffsetMs = Date.parse("2026-01-01T00:01:00Z") - Date.now();
    // A copy of the bucket gave it another Last-Modified; what it says is what counts.
    bucket.put(key, text, { modified: server.now() });
    const record = await marker.read(id, signal);
    expect(record?.claim).toBeNull();
    expect(record?.ageMs).toBeGreaterThan(58_000);
    expect(record?.ageMs).toBeLessThan(HOUR_MS);
  });

  test("a time of the future is no negative age", async ({ signal }) => {
    await marker.start();
    server.bucket("claims").put(key, "2999-01-01T00:00:00Z");
    expect(await marker.read(id, signal)).toMatchObject({ claim: null, ageMs: 0 });
  });

  test("what is too large for a claim is none, and isn't read", async ({ signal }) => {
    await marker.start();
    server.bucket("claims").put(key, Buffer.alloc(10_000_000, "{"));
    expect(await marker.read(id, signal)).toMatchObject({ claim: null });
  });

  test("a tombstone that a removal left counts as working until it lapses", async ({ signal }) => {
    await marker.start();
    const version = (await marker.create(id, claim, signal)) ?? "";
    server.faults.add({
      when: ({ operation }) => operation === "DeleteObject",
      fault: { kind: "error", status: 400, code: "InvalidRequest" },
    });
    await expect(marker.remove(id, version, signal)).rejects.toMatchObject({ dependency: "marker" });
    const left = await marker.read(id, signal);
    expect(left?.claim).toBeNull();
    expect(await marker.create(id, claim, signal)).toBeUndefined();
    expect(await marker.replace(id, left?.version ?? "", claim, signal)).toEqual(expect.any(String));
  });

  test("a deletion that arrives late spares the successor where deletions are conditional", async ({
    signal,
  }) => {
    server.conditionalDeletes = true;
    await marker.start();
    const version = (await marker.create(id, claim, signal)) ?? "";
    const arrival = gate();
    server.faults.add({
      when: ({ operation }) => operation === "DeleteObject",
      fault: { kind: "hold", until: arrival.opened },
    });
    const removed = marker.remove(id, version, signal);
    await expect.poll(() => server.count("DeleteObject")).toBe(2);
    const left = await marker.read(id, signal);
    const next = await marker.replace(id, left?.version ?? "", { ...claim, token: "b" }, signal);
    arrival.open();
    expect(await removed).toBe(true);
    expect(await marker.read(id, signal)).toMatchObject({ claim: { token: "b" }, version: next });
  });

  test("the list goes on over pages and leaves out what isn't a claim", async ({ signal }) => {
    const bucket = server.bucket("claims");
    for (let n = 0; n < 1100; n += 1) bucket.put(`${graphId(n)}_in_progress`, "{}");
    for (const other of ["probe-1", "notes.txt", "../x_in_progress", `${id}_in_progress.bak`, `x/${key}`]) {
      bucket.put(other, "");
    }
    const ids = new Set<string>();
    for await (const record of marker.list(signal)) ids.add(record.id);
    expect(ids).toEqual(new Set(Array.from({ length: 1100 }, (_, n) => graphId(n))));
    expect(server.count("ListObjectsV2")).toBe(2);
  });

  describe("at start", () => {
    test("the store is tried, and nothing stays behind", async ({ signal }) => {
      await marker.start();
      expect(server.bucket("claims").keys()).toEqual([]);
      const puts = server.count("PutObject");
      expect(puts).toBeGreaterThan(0);
      await marker.ready(signal);
      await marker.create(id, claim, signal);
      expect(server.count("PutObject")).toBe(puts + 1);
    });

    test("a store that ignores conditional writes is refused, and nothing stays behind", async () => {
      server.ignoredHeaders = new Set(["if-match", "if-none-match"]);
      await expect(marker.start()).rejects.toMatchObject({
        dependency: "marker",
        transient: false,
        message: expect.stringMatching(/claims ignores If-None-Match: two processes/) as unknown,
      });
      expect(server.bucket("claims").keys()).toEqual([]);
    });

    test("a store that ignores If-Match alone is refused too", async () => {
      server.ignoredHeaders = new Set(["if-match"]);
      await expect(marker.start()).rejects.toThrow(/ignores If-Match/);
      expect(server.bucket("claims").keys()).toEqual([]);
    });

    test("a store that lets several writers at once past a condition is refused too", async () => {
      let conditional = 0;
      server.faults.add({
        fault: { kind: "delay", ms: 0 },
        // Right as long as they come one after the other.
        when: ({ operation, headers }) => {
          if (operation === "PutObject" && headers["if-match"] !== undefined) conditional += 1;
          if (conditional > 2) server.ignoredHeaders = new Set(["if-match"]);
          return false;
        },
      });
      await expect(marker.start()).rejects.toThrow(/lets several writers at once past If-Match/);
      expect(server.bucket("claims").keys()).toEqual([]);
    });

    test("a store that denies isn't refused: it isn't ready, and is tried again", async ({ signal }) => {
      server.faults.add({ fault: { kind: "error", status: 403, code: "AccessDenied" } });
      await marker.start();
      await expect(marker.ready(signal)).rejects.toMatchObject({ dependency: "marker", transient: false });
      await expect(marker.create(id, claim, signal)).rejects.toThrow(/403 AccessDenied/);
      server.faults.clear();
      await marker.ready(signal);
      expect(await marker.create(id, claim, signal)).toEqual(expect.any(String));
    });

    test("a store that can't be reached isn't refused, but found unfit before the first claim", async ({
      signal,
    }) => {
      server.faults.add({ fault: { kind: "reset" } });
      await marker.start();
      await expect(marker.ready(signal)).rejects.toMatchObject({ dependency: "marker", transient: true });
      server.faults.clear();
      server.ignoredHeaders = new Set(["if-match", "if-none-match"]);
      await expect(marker.create(id, claim, signal)).rejects.toThrow(/ignores If-None-Match/);
      await expect(marker.ready(signal)).rejects.toThrow(/ignores If-None-Match/);
      expect(server.bucket("claims").keys()).toEqual([]);
    });

    test("readiness doesn't wait longer than it may for a store that hangs", async () => {
      server.faults.add({ when: ({ operation }) => operation === "PutObject", fault: { kind: "hang" } });
      const reason = new Error("late");
      const controller = new AbortController();
      const rejected = expect(marker.ready(controller.signal)).rejects.toBe(reason);
      await expect.poll(() => server.count("PutObject")).toBe(1);
      controller.abort(reason);
      await rejected;
    });

    test("a store where nobody listens isn't refused", async ({ signal }) => {
      const nowhere = new S3Marker(bucketOptions({ url: "http://127.0.0.1:1" }, "claims"));
      await nowhere.start();
      await expect(nowhere.ready(signal)).rejects.toThrow(/ECONNREFUSED/);
      await nowhere.stop();
    });
  });
});
