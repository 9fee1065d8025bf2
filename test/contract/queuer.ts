import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DependencyError, RetryLaterError } from "../../src/errors.js";
import type { Job } from "../../src/job.js";
import type { Queuer } from "../../src/queuer/queuer.js";
import { TimeWindow } from "../../src/window.js";
import { watchResources } from "../support/resources.js";

/** A Queuer with the far end of its queue. */
export interface QueuerSubject {
  readonly queuer: Queuer;
  /** What has been delivered so far. */
  readonly delivered: readonly Job[];
  /** From now on the queue is full. Left out where a queue can't be. */
  fill?(): void | Promise<void>;
  /** From now on the queue fails. Left out where it can't. */
  breakQueue?(): void | Promise<void>;
  /** Ends what was set up beside the queuer. */
  close(): void | Promise<void>;
}

/** The nth minute. */
function at(n: number): string {
  return new Date(Date.UTC(2019, 5, 1, 0, n)).toISOString();
}

function job(n: number, rest: Partial<Job> = {}): Job {
  return { window: TimeWindow.parse(at(n), at(n + 1)), refresh: false, claim: undefined, ...rest };
}

/** What the port promises, for every implementation. `open` is called for each test. */
export function testQueuer(name: string, open: () => Promise<QueuerSubject>): void {
  describe(`${name} is a Queuer`, () => {
    const never = new AbortController().signal;
    let subject: QueuerSubject;
    let nothingLeft: () => Promise<void>;

    beforeEach(async () => {
      subject = await open();
      nothingLeft = watchResources();
      await subject.queuer.start?.();
    });

    afterEach(async () => {
      await subject.queuer.stop?.();
      await nothingLeft();
      await subject.close();
    });

    async function expectDelivered(jobs: readonly Job[]): Promise<void> {
      // At least once, in any order.
      for (const job of jobs) await expect.poll(() => subject.delivered).toContainEqual(job);
    }

    test("delivers a job as it is, and is ready to", async () => {
      await subject.queuer.ready?.(never);
      const jobs = [job(0), job(1, { refresh: true }), job(2, { claim: "7d9f", refresh: true })];
      for (const job of jobs) await subject.queuer.queue(job, never);
      await expectDelivered(jobs);
    });

    test("takes jobs concurrently", async () => {
      const jobs = Array.from({ length: 50 }, (_, n) => job(n));
      await Promise.all(jobs.map(async (job) => subject.queuer.queue(job, never)));
      await expectDelivered(jobs);
    });

    test("takes nothing under a signal that is aborted already", async () => {
      const reason = new Error("stopping");
      await expect(subject.queuer.queue(job(0), AbortSignal.abort(reason))).rejects.toBe(reason);
      await subject.queuer.queue(job(1), never);
      await expectDelivered([job(1)]);
      expect(subject.delivered).not.toContainEqual(job(0));
    });

    test("says when to come back to a full queue", async ({ skip }) => {
      if (subject.fill === undefined) skip("it can't be full");
      await subject.fill?.();
      const error = await subject.queuer.queue(job(0), never).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(RetryLaterError);
      expect(error).toHaveProperty(
        "retryAfterMs",
        expect.toSatisfy((ms) => Number.isFinite(ms) && ms >= 0),
      );
    });

    test("fails with the port's error", async ({ skip }) => {
      if (subject.breakQueue === undefined) skip("it can't fail");
      await subject.breakQueue?.();
      const error = await subject.queuer.queue(job(0), never).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(DependencyError);
      expect(error).toHaveProperty("dependency", "queuer");
    });
  });
}
