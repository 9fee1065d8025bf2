import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { TimeWindow } from "../../src/window.js";
import { DEADLINE_MS } from "../support/deadline.js";
import { Deployment, digestOf, dotOf } from "../support/deployment.js";
import { nthHour } from "../support/graph-id.js";
import { seededRandom } from "../support/random.js";

/** More of them, and other ones, on demand: TEST_KILLS=200 TEST_SEED=7. */
const KILLS = Number(process.env["TEST_KILLS"] ?? 6);
const SEED = Number(process.env["TEST_SEED"] ?? 1);
const JOBS_PER_KILL = 6;
const MAX_LIFE_MS = 300;

function isTombstone(record: unknown): boolean {
  return Buffer.isBuffer(record) && record.includes('{"removed":');
}

test(
  `${KILLS} kills at any moment of a loaded run: every job accepted ends as a whole graph`,
  {
    timeout: KILLS * 5000 + 5 * DEADLINE_MS,
  },
  async () => {
    const random = seededRandom(SEED);
    const deployment = await Deployment.start();
    onTestFinished(() => deployment.end());
    const env = { GRAPH_PROGRESS_TIMEOUT: "2000", WORKER_CONCURRENCY: "4" };
    const survivor = await deployment.process(env);
    const windows: TimeWindow[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const victim = await deployment.process(env);
      const batch = Array.from({ length: JOBS_PER_KILL }, (_, n) => nthHour(kill * JOBS_PER_KILL + n));
      windows.push(...batch);
      // Whoever is cut off doesn't know whether it was queued, and asks somebody else.
      const asked = batch.map((window) => victim.post(window).catch(() => survivor.post(window)));
      await sleep(random() * MAX_LIFE_MS);
      await victim.kill();
      const codes = (await Promise.all(asked)).map((answer) => answer.status);
      expect(codes.filter((code) => code !== 202 && code !== 409)).toEqual([]);
    }
    const served = async () => {
      const answers = await Promise.all(windows.map((window) => survivor.get(window)));
      for (const [n, answer] of answers.entries()) {
        const body = await answer.text();
        if (answer.status === 200) expect(body).toBe(await dotOf(digestOf(windows[n]?.start ?? "")));
      }
      return answers.filter((answer) => answer.status !== 200).length;
    };
    await expect.poll(served, { interval: 500 }).toBe(0);
    // A process that is killed while it removes a claim leaves its tombstone, which holds nothing and lapses.
    const bucket = deployment.s3.bucket("claims");
    const records = () => deployment.claims().map((key) => bucket.get(key)?.content);
    const claims = () =>
      records()
        .filter((record) => !isTombstone(record))
        .map(String);
    await expect.poll(claims).toEqual([]);
  },
);
