import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { lastMoment } from "../../src/last-moment.js";
import { TimeWindow } from "../../src/window.js";
import { Claims } from "../../src/worker/claims.js";
import { type HeldClaim, LostClaimError } from "../../src/worker/held-claim.js";
import { FaultyMarker } from "./faulty-marker.js";

/** No multiple of three: some timers take whole milliseconds only. */
const TIMEOUT_MS = 1000;
const window = TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z");
const job = { window, refresh: false, claim: "a" };

describe("a claim that is kept", () => {
  let marker: FaultyMarker;
  let held: HeldClaim;

  beforeEach(async ({ signal }) => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    marker = new FaultyMarker();
    const taken = await new Claims(marker, { timeoutMs: TIMEOUT_MS }).work(job, signal);
    if (taken === undefined) throw new Error("expected to get the claim");
    held = taken;
    marker.calls.length = 0;
    held.keep();
  });

  afterEach(() => void vi.useRealTimers());

  test("is renewed every third of the timeout, and no more once it is put down", async ({ signal }) => {
    for (let third = 1; third <= 7; third++) {
      await vi.advanceTimersByTimeAsync(TIMEOUT_MS / 3);
      expect(marker.calls).toEqual(Array<string>(third).fill("replace"));
    }
    expect((await marker.store.read(window.id, signal))?.ageMs).toBeLessThan(TIMEOUT_MS / 3);
    await held.release();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("no timer is left when it is left, even when that fails", async () => {
    marker.down = "before";
    await expect(held.leave("free")).rejects.toThrow("the store is down");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is lost when a renewal finds another's in its place", async ({ signal }) => {
    const record = await marker.store.read(window.id, signal);
    if (!record?.claim) throw new Error("expected a claim");
    await marker.store.replace(window.id, record.version, { ...record.claim, holder: "other" }, signal);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS / 3);
    expect(held.lost.reason).toBeInstanceOf(LostClaimError);
    expect(held.lost.reason).toHaveProperty("message", expect.stringContaining("taken by another worker"));
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is lost when it is confirmed and isn't there", async ({ signal }) => {
    const record = await marker.store.read(window.id, signal);
    await marker.store.remove(window.id, record?.version ?? "", signal);
    await expect(held.confirm()).rejects.toBeInstanceOf(LostClaimError);
    expect(held.lost.aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("outlives a store that is down for less than the timeout", async () => {
    marker.down = "before";
    await vi.advanceTimersByTimeAsync((TIMEOUT_MS / 3) * 2);
    marker.down = undefined;
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect(held.lost.aborted).toBe(false);
  });

  test.for(["before", "hang"] as const)(
    "is lost when it can't be renewed for the timeout: %s",
    async (fault) => {
      marker.down = fault;
      await vi.advanceTimersByTimeAsync((TIMEOUT_MS / 3) * 2);
      expect(held.lost.aborted).toBe(false);
      await vi.advanceTimersByTimeAsync((TIMEOUT_MS / 3) * 2);
      expect(held.lost.reason).toHaveProperty("message", "the claim could not be renewed in time");
      // One write at a time, however long it takes.
      if (fault === "hang") expect(marker.count("replace")).toBe(1);
    },
  );

  test("writes one at a time, each on the version before", async () => {
    await Promise.all([held.confirm(), held.confirm(), held.postpone({ waitMs: 1 }), held.confirm()]);
    expect(marker.calls).toEqual(Array<string>(4).fill("replace"));
    expect(held.claim.waitMs).toBe(1);
    expect(held.lost.aborted).toBe(false);
  });

  test("a renewal under way comes before the end, and none after it", async ({ signal }) => {
    const renewal = held.confirm();
    const end = held.leave("failed", { reason: "it rained" });
    const late = held.confirm();
    await renewal;
    await end;
    await expect(late).rejects.toBeInstanceOf(LostClaimError);
    expect((await marker.store.read(window.id, signal))?.claim).toMatchObject({ state: "failed" });
  });
});

test("after a pause beyond the timeout the last moment is too late, whoever has the claim by then", async ({
  signal,
}) => {
  const paused = await new Claims(new FaultyMarker(), { timeoutMs: TIMEOUT_MS }).work(job, signal);
  if (paused === undefined) throw new Error("expected to get the claim");
  paused.keep();
  await lastMoment(paused.lost);
  // Nothing of this process runs meanwhile, as when it is stopped.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1.5 * TIMEOUT_MS);
  await expect(lastMoment(paused.lost)).rejects.toBeInstanceOf(LostClaimError);
});
