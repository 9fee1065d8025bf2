import { afterEach, expect, onTestFinished, test } from "vitest";
import { TimeWindow } from "../../src/window.js";
import { SAMPLE_WINDOW } from "../make-sample-flow-logs.js";
import { ServiceProcess } from "../support/service-process.js";
import { temporaryDir, type TemporaryDir } from "../support/temporary-dir.js";

/** Ten times as many as there is room for; what more would show is how slow the machine is. */
const WINDOWS = 300;
const MAX_RSS = 400 * 1024 * 1024;
const MINUTE_MS = 60_000;

let service: ServiceProcess | undefined;
let dir: TemporaryDir | undefined;
afterEach(async () => {
  await service?.kill();
  await dir?.remove();
});

/** Windows of a minute each, in the middle of which the sample lies. */
function minutes(count: number): TimeWindow[] {
  const begin = Date.parse(SAMPLE_WINDOW.start) - (count / 2) * MINUTE_MS;
  const nth = (n: number) => new Date(begin + n * MINUTE_MS).toISOString();
  return Array.from({ length: count }, (_, n) => TimeWindow.parse(nth(n), nth(n + 1)));
}

test(`${WINDOWS} windows at once, more than there is room for: 202 or 503, and every 202 ends in a graph`, async () => {
  dir = await temporaryDir();
  const running = await ServiceProcess.start({
    GRAPH_DATA_DIR: dir.path,
    DIGESTER_ENDPOINT: "file:test/fixtures/flow-logs",
    WORKER_QUEUE_LIMIT: "30",
  });
  service = running;
  let peak = 0;
  const sampler = setInterval(() => {
    running.resources().then(
      ({ rss }) => (peak = Math.max(peak, rss)),
      // It has ended: the test sees that by itself.
      () => undefined,
    );
  }, 50);
  onTestFinished(() => clearInterval(sampler));
  const asked = await Promise.all(
    minutes(WINDOWS).map(async (window) => {
      const answer = await running.post(window);
      await answer.body?.cancel();
      return { window, status: answer.status, retryAfter: answer.headers.get("retry-after") };
    }),
  );
  const queued = asked.filter(({ status }) => status === 202);
  const refused = asked.filter(({ status }) => status === 503);
  expect(new Set(asked.map(({ status }) => status))).toEqual(new Set([202, 503]));
  expect(queued.length).toBeGreaterThanOrEqual(30);
  expect(refused.length).toBeGreaterThan(0);
  for (const { retryAfter } of refused) expect(Number(retryAfter)).toBeGreaterThan(0);

  for (const { window } of queued) {
    const status = async () => (await running.get(window)).status;
    await expect.poll(status, { interval: 20 }).toBe(200);
  }
  const [first] = refused;
  if (first !== undefined) expect((await running.post(first.window)).status).toBe(202);
  expect(peak).toBeGreaterThan(0);
  expect(peak).toBeLessThan(MAX_RSS);
});
