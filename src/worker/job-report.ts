import type { Digest } from "../digester/digester.js";
import { CorruptInputError, DependencyError, messageOf } from "../errors.js";
import type { GraphStats } from "../graph/stats.js";
import type { Job } from "../job.js";
import type { Logger } from "../telemetry/log.js";
import type { Stats } from "../telemetry/stats.js";
import { LostClaimError } from "./held-claim.js";
import { StoppingError } from "./active-job.js";

/** What a job's digest says of the records it was made of, beside what its lines say. */
type DigestReport = Pick<Digest, "counts" | "warnings" | "details">;

/** How jobs begin and end, as log events and as statistics. A job's events carry the id of the request that asked for it. */
export class JobReport {
  readonly #log: Logger;
  readonly #stats: Stats;

  constructor(log: Logger, stats: Stats) {
    this.#log = log;
    this.#stats = stats;
  }

  started(job: Job): void {
    this.#log.info(context(job), "job-started");
  }

  /** The graph is stored, after so many milliseconds of work. */
  finished(
    job: Job,
    durationMs: number,
    graph: GraphStats,
    { counts = {}, warnings = [], details = {} }: DigestReport,
  ): void {
    // A digester that reads flow logs itself has met these lines already; in a digest they are met here.
    const nodata = graph.nodata + (counts["nodata"] ?? 0);
    const skipdata = graph.skipdata + (counts["skipdata"] ?? 0);
    const fields = { ...context(job), ...details, ...counts, ...graph, nodata, skipdata };
    if (skipdata > 0) {
      const reason = "AWS lost records of this window (SKIPDATA)";
      this.#log.warn({ ...context(job), skipdata, reason }, "graph-incomplete");
    }
    for (const reason of warnings) this.#log.warn({ ...context(job), reason }, "digest-warning");
    this.#log.info({ ...fields, durationMs: Math.round(durationMs) }, "job-finished");

    this.#ended("stored");
    this.#stats.distribution("grapherd.job.duration", durationMs);
    this.#stats.distribution("grapherd.job.edges", graph.edges);
    this.#stats.distribution("grapherd.job.nodes", graph.nodes);
    this.#stats.increment("grapherd.digest.bytes", graph.digestBytes);
    this.#stats.increment("grapherd.graph.bytes", graph.gzipBytes);
    this.#stats.increment("grapherd.graph.expanded_bytes", graph.bytes);
    this.#stats.increment("grapherd.digest.records", graph.edges, { kind: "edge" });
    this.#stats.increment("grapherd.digest.records", nodata, { kind: "nodata" });
    this.#stats.increment("grapherd.digest.records", skipdata, { kind: "skipdata" });
    const { scannedBytes, ...records } = counts;
    if (scannedBytes !== undefined) this.#stats.increment("grapherd.digest.scanned_bytes", scannedBytes);
    for (const [kind, count] of Object.entries(records)) {
      if (kind !== "nodata" && kind !== "skipdata") {
        this.#stats.increment("grapherd.flow_logs", count, { kind });
      }
    }
  }

  /** The claim could not say what became of the job, or when it may begin. It lapses; the job is what it is. */
  claimFailed(job: Job, error: unknown): void {
    const reason = messageOf(error);
    this.#log.error({ ...context(job), dependency: "marker", error, reason }, "dependency-failure");
  }

  /** An attempt failed; another one follows here unless this was the last. */
  failed(job: Job, error: unknown, last: boolean): void {
    const fields = {
      ...context(job),
      final: last,
      error,
      reason: messageOf(error),
    };
    if (error instanceof StoppingError || error instanceof LostClaimError) {
      this.#ended("interrupted");
      // Another worker has it, or will: here nothing is left to do.
      if (error instanceof StoppingError) this.#log.info(fields, "job-freed");
      else this.#log.warn(fields, "claim-lost");
      return;
    }
    if (!last) this.#ended("retried");
    else this.#ended(error instanceof CorruptInputError ? "corrupt" : "failed");
    const level = last ? "error" : "warn";
    if (error instanceof CorruptInputError) {
      this.#log[level]({ ...fields, dependency: "grapher" }, "invalid-input");
    } else if (error instanceof DependencyError) {
      this.#log[level]({ ...fields, dependency: error.dependency }, "dependency-failure");
    } else {
      this.#log[level](fields, "unknown-failure");
    }
  }

  #ended(outcome: "stored" | "retried" | "failed" | "corrupt" | "interrupted"): void {
    this.#stats.increment("grapherd.jobs", 1, { outcome });
  }
}

function context({ window, requestId }: Job) {
  return {
    ...(requestId !== undefined && { reqId: requestId }),
    graphId: window.id,
    start: window.start,
    stop: window.stop,
    ...(window.scope !== undefined && { scope: window.scope }),
  };
}
