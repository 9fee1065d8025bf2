import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { RetryLaterError } from "../../src/errors.js";
import type { Job } from "../../src/job.js";
import { TimeWindow } from "../../src/window.js";
import { Claims } from "../../src/worker/claims.js";
import { Sweeper } from "../../src/worker/sweeper.js";
import { DEADLINE_MS } from "../support/deadline.js";
import { eventually } from "../support/eventually.js";
import { FaultyMarker } from "./faulty-marker.js";

const TIMEOUT_MS = 60_000;
const window = TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z");
const second = TimeWindow.parse("2019-06-01T01:00:00Z", "2019-06-01T02:00:00Z");

describe("Sweeper", () => {
  let marker: FaultyMarker;
  let claims: Claims;
  let accepted: Job[];
  let takenUp: Job[];
  let failures: unknown[];
  let full: boolean;
  let refuse: Error | undefined;
  /** The token of a job that somebody ends right before it is taken. */
  let gone: string | undefined;
  let sweeper: Sweeper;

  beforeEach(() => {
    marker = new FaultyMarker();
    [accepted, takenUp, failures, full, refuse, gone] = [[], [], [], false, undefined, undefined];
  });

  afterEach(() => sweeper.stop());

  function start(timeoutMs: number): void {
    claims = new Claims(marker, { timeoutMs });
    sweeper = new Sweeper({
      claims,
      timeoutMs,
      worker: {
        get full() {
          return full;
        },
        accept: async (job) => {
          if (refuse !== undefined) throw refuse;
          accepted.push(job);
          if (job.claim === gone) return false;
          return (await claims.work(job, new AbortController().signal)) !== undefined;
        },
      },
      onTakenUp: (job) => void takenUp.push(job),
      onFailure: (error) => void failures.push(error),
    });
  }

  async function free(of: TimeWindow, signal: AbortSignal): Promise<string> {
    const held = await claims.work({ window: of, refresh: true, claim: of.id }, signal);
    // A refresh whose claim is gone has been done, so there is one to make first.
    const made = held ?? (await claims.request(of, true, undefined, signal));
    const worker =
      held ?? (await claims.work({ window: of, refresh: true, claim: made?.claim.token }, signal));
    await worker?.leave("free");
    return worker?.claim.token ?? "";
  }

  test("takes up what is free when it starts, and no more once it is stopped", async ({ signal }) => {
    start(TIMEOUT_MS);
    const claim = await free(window, signal);
    sweeper.start();
    await eventually(() => expect(takenUp).toEqual([{ window, refresh: true, claim }]));
    await sweeper.stop();
    expect(accepted).toHaveLength(1);
  });

  test("takes up a claim as soon as it lapses, not a round later", async ({ signal }) => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    // Nobody waits here for the next round, half a timeout later.
    const timeoutMs = 2.5 * DEADLINE_MS;
    start(timeoutMs);
    const held = await claims.request(window, false, undefined, signal);
    vi.advanceTimersByTime(timeoutMs - 1);
    sweeper.start();
    await expect.poll(() => marker.count("read")).toBe(1);
    expect(takenUp).toEqual([]);
    vi.advanceTimersByTime(1);
    await expect.poll(() => takenUp).toEqual([{ window, refresh: false, claim: held?.claim.token }]);
  });

  test("stops looking when there is no room, and looks again later", async ({ signal }) => {
    start(60);
    await free(window, signal);
    full = true;
    sweeper.start();
    await eventually(() => expect(marker.count("read")).toBeGreaterThan(4));
    expect(accepted).toEqual([]);
    full = false;
    await eventually(() => expect(takenUp).toHaveLength(1));
  });

  test("what had nothing left to do by then was not taken up", async ({ signal }) => {
    start(60);
    const first = await free(window, signal);
    const claim = await free(second, signal);
    gone = first;
    sweeper.start();
    await eventually(() => expect(takenUp).toEqual([{ window: second, refresh: true, claim }]));
    expect(accepted[0]).toMatchObject({ claim: first });
  });

  test("goes on when somebody else was faster; a failure ends the round, and is told", async ({ signal }) => {
    start(60);
    await free(window, signal);
    await free(second, signal);
    refuse = new RetryLaterError("held", 1);
    sweeper.start();
    await eventually(() => expect(marker.count("read")).toBeGreaterThan(8));
    expect(failures).toEqual([]);
    refuse = new Error("the store is down");
    await eventually(() => expect(failures.length).toBeGreaterThan(1));
    refuse = undefined;
    await eventually(() => expect(takenUp).toHaveLength(2));
  });
});
