import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Marker } from "../../src/marker/marker.js";
import { TimeWindow } from "../../src/window.js";
import { Claims } from "../../src/worker/claims.js";
import { type HeldClaim, LostClaimError } from "../../src/worker/held-claim.js";
import { Gates } from "../support/gates.js";
import { FaultyMarker } from "./faulty-marker.js";

/** No multiple of three: some timers take whole milliseconds only. */
const TIMEOUT_MS = 1000;
const window = TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z");
const second = TimeWindow.parse("2019-06-01T01:00:00Z", "2019-06-01T02:00:00Z");
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

  describe("at the fence", () => {
    test("is renewed, and ours", async ({ signal }) => {
      vi.advanceTimersByTime(TIMEOUT_MS / 4);
      await held.fence();
      expect((await marker.store.read(window.id, signal))?.ageMs).toBe(0);
    });

    test("is lost when somebody else has it", async ({ signal }) => {
      const record = await marker.store.read(window.id, signal);
      await marker.store.remove(window.id, record?.version ?? "", signal);
      await expect(held.fence()).rejects.toBeInstanceOf(LostClaimError);
    });

    // The record is as old as the call that wrote it, however late its answer comes: others count from then on.
    test("is lost when the answer of its renewal took as long as the timeout", async () => {
      vi.clearAllTimers();
      const gates = new Gates<Marker>(marker);
      const late = await new Claims(gates.module, { timeoutMs: TIMEOUT_MS }).work(
        { ...job, window: second },
        new AbortController().signal,
      );
      const renewal = gates.next("replace");
      const fenced = late?.fence();
      const call = await renewal;
      await call.perform();
      vi.advanceTimersByTime(TIMEOUT_MS);
      call.pass();
      await expect(fenced).rejects.toBeInstanceOf(LostClaimError);
      expect(late?.lost.aborted).toBe(true);
    });
  });
});
