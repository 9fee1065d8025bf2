import { z } from "zod";
import { answerSettings, toAnswerOptions } from "./answer/settings.js";
import type { Rule } from "./registry.js";
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
    .describe("milliseconds after which a claim is void if its worker didn't renew it; at least 1000"),
  GRAPH_QUEUED_TIMEOUT: duration
    .prefault("1h")
    .describe(
      "how long a job can wait in a bus or an SQS queue before its claim is void, counted from when the job may begin. Never less than GRAPH_PROGRESS_TIMEOUT",
    ),
  GRAPH_MAX_WINDOW: duration
    .refine((ms) => ms >= 60_000, "expected at least a minute")
    .prefault("744h")
    .describe("longest window"),
  DIGEST_MAX_BYTES: integer(1)
    .prefault("8589934592")
    .describe("largest digest of a vpcflow-digesterd, not compressed, in bytes"),
  GRAPH_EDGES: z
    .enum(["parquet", "none"])
    .default("parquet")
    .describe(
      "parquet: store the edges of each graph as a table as well, if the service reads the flow logs itself. none: don't",
    ),
  GRAPH_SCHEDULE: lengths.describe(
    "make graphs without a caller, for windows of these lengths: `1h`, `24h`, or several, separated by commas. Each length must divide a day; windows start at midnight UTC. Unset: none",
  ),
  GRAPH_SCHEDULE_BACKFILL: integer(0, 1000)
    .prefault("1")
    .describe("how many past windows of each length of GRAPH_SCHEDULE are asked for at start"),
  GRAPH_RETENTION: duration
    .refine((ms) => ms >= 3_600_000, 'expected at least "1h"')
    .optional()
    .describe(
      "remove graphs whose window ended longer ago than this, such as `2160h` for 90 days. Unset: graphs stay",
    ),
  WORKER_CONCURRENCY: integer(1, 1000).prefault("2").describe("jobs that run at once"),
  WORKER_QUEUE_LIMIT: integer(0, 1_000_000)
    .prefault("1000")
    .describe("jobs that can wait in the process; more get 503"),
  WORKER_RETRIES: integer(0, 100)
    .prefault("3")
    .describe("how often a job is tried again after a failure that may go away by itself"),
  WORKER_RETRY_DELAY: timerDuration
    .prefault("1s")
    .describe("pause before the first retry; it doubles each time"),
  RUNTIME_SHUTDOWN_TIMEOUT: timerDuration
    .prefault("30s")
    .describe("how long running jobs can go on when the service stops"),
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

/** Times are milliseconds, sizes bytes. */
export type ServiceSettings = Readonly<ReturnType<typeof toServiceSettings>>;

export function toServiceSettings(config: z.infer<z.ZodObject<typeof serviceSettings>>) {
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
