import { z } from "zod";
import { answerSettings, toAnswerOptions } from "./answer/settings.js";
import type { Rule } from "./registry.js";
import type { ServiceSettings } from "./service.js";
import { atLeast, duration, integer, MAX_TIMER_MS, timerDuration } from "./settings.js";

const DAY_MS = 24 * 3_600_000;

const lengths = z
  .string()
  .transform((text, context) => {
    const parsed = text.split(",").map((item) => duration.safeParse(item.trim()));
    const all = parsed.flatMap(({ data }) => (data !== undefined && isPartOfDay(data) ? [data] : []));
    if (all.length === parsed.length) return [...new Set(all)];
    context.addIssue('expected lengths that divide a day into whole minutes, such as "1h" or "1h,24h"');
    return z.NEVER;
  })
  .optional();

function isPartOfDay(ms: number): boolean {
  return ms >= 60_000 && ms % 60_000 === 0 && DAY_MS % ms === 0;
}

export const serviceSettings = {
  GRAPH_PROGRESS_TIMEOUT: atLeast(1000, MAX_TIMER_MS)
    .prefault("60000")
    .describe("milliseconds after which a claim that nobody renewed is void; 1000 at least"),
  GRAPH_QUEUED_TIMEOUT: duration
    .prefault("1h")
    .describe(
      "how long a job may wait in a bus or a queue of SQS before its claim is void; it counts from when the job may begin. Less than GRAPH_PROGRESS_TIMEOUT counts as that",
    ),
  GRAPH_MAX_WINDOW: duration
    .refine((ms) => ms >= 60_000, "expected at least a minute")
    .prefault("744h")
    .describe("longest window"),
  DIGEST_MAX_BYTES: integer(1).prefault("8589934592").describe("largest expanded digest"),
  GRAPH_EDGES: z
    .enum(["parquet", "none"])
    .default("parquet")
    .describe(
      "parquet: the edges of each graph are kept as a table beside it, where flow logs are digested in process",
    ),
  GRAPH_SCHEDULE: lengths.describe(
    "lengths of windows that are asked for without a caller, once they have settled: `1h`, `24h`, several by commas; each divides a day, and its windows begin at midnight UTC. Unset: none",
  ),
  GRAPH_SCHEDULE_BACKFILL: integer(0, 1000)
    .prefault("1")
    .describe(
      "windows of each length of GRAPH_SCHEDULE, the last that have ended, that are asked for at start",
    ),
  GRAPH_RETENTION: duration
    .refine((ms) => ms >= 3_600_000, 'expected at least "1h"')
    .optional()
    .describe(
      "graphs whose window ended longer ago are removed, with all that belongs to them, such as `2160h` for 90 days. Unset: they stay",
    ),
  WORKER_CONCURRENCY: integer(1, 1000).prefault("2").describe("jobs worked at once"),
  WORKER_QUEUE_LIMIT: integer(0, 1_000_000)
    .prefault("1000")
    .describe("jobs that wait in process before more get 503"),
  WORKER_RETRIES: integer(0, 100)
    .prefault("3")
    .describe("attempts after the first at a job whose failure may pass"),
  WORKER_RETRY_DELAY: timerDuration.prefault("1s").describe("pause before the first of them; it doubles"),
  RUNTIME_SHUTDOWN_TIMEOUT: timerDuration
    .prefault("30s")
    .describe("how long a graceful stop waits for running jobs"),
  ...answerSettings,
};

export const serviceRules: readonly Rule[] = [
  {
    variables: ["GRAPH_SCHEDULE", "GRAPH_MAX_WINDOW"],
    expected: "no length in GRAPH_SCHEDULE above GRAPH_MAX_WINDOW",
    holds: ({ GRAPH_SCHEDULE, GRAPH_MAX_WINDOW = "744h" }) => {
      const longest = Math.max(0, ...(lengths.safeParse(GRAPH_SCHEDULE).data ?? []));
      // What can't be read is a fault of its own.
      return longest <= (duration.safeParse(GRAPH_MAX_WINDOW).data ?? longest);
    },
  },
];

export function toServiceSettings(config: z.infer<z.ZodObject<typeof serviceSettings>>): ServiceSettings {
  return {
    progressTimeoutMs: config.GRAPH_PROGRESS_TIMEOUT,
    queuedTimeoutMs: config.GRAPH_QUEUED_TIMEOUT,
    maxWindowMs: config.GRAPH_MAX_WINDOW,
    digestMaxBytes: config.DIGEST_MAX_BYTES,
    keepEdges: config.GRAPH_EDGES === "parquet",
    scheduleMs: config.GRAPH_SCHEDULE ?? [],
    scheduleBackfill: config.GRAPH_SCHEDULE_BACKFILL,
    retentionMs: config.GRAPH_RETENTION,
    workerConcurrency: config.WORKER_CONCURRENCY,
    workerQueueLimit: config.WORKER_QUEUE_LIMIT,
    workerRetries: config.WORKER_RETRIES,
    workerRetryDelayMs: config.WORKER_RETRY_DELAY,
    shutdownTimeoutMs: config.RUNTIME_SHUTDOWN_TIMEOUT,
    answers: toAnswerOptions(config),
  };
}
