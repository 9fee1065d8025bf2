import { performance } from "node:perf_hooks";
import type { Digest, Digester } from "../digester/digester.js";
import type { Entry } from "../entry.js";
import { SupersededError } from "../errors.js";
import type { GraphStats } from "../graph/stats.js";
import type { Job } from "../job.js";
import type { JobProgress } from "../marker/marker.js";
import type { Storage } from "../storage/storage.js";
import type { GraphId, TimeWindow } from "../window.js";
import type { GraphList } from "./graph-list.js";
import type { HeldClaim } from "./held-claim.js";
import type { JobReport } from "./job-report.js";
import { makeGraph } from "./make-graph.js";

export interface AttemptsOptions {
  readonly storage: Storage;
  readonly digester: Digester;
  readonly list: GraphList;
  readonly digestMaxBytes: number;
  readonly keepEdges: boolean;
  /** @throws what speaks against making this graph, now that the job is to be worked */
  readonly check: (window: TimeWindow) => void;
  readonly report: () => JobReport;
  /** The graph of a window is stored and listed. */
  readonly onMade: (window: TimeWindow) => void;
}

/** Attempts at jobs: a digest to a stored graph that is listed. */
export class Attempts {
  readonly #options: AttemptsOptions;
  /** How far the jobs are that are worked here. */
  readonly #making = new Map<GraphId, () => JobProgress>();

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  /** Undefined for a graph that isn't made here. */
  progressOf(id: GraphId): JobProgress | undefined {
    return this.#making.get(id)?.();
  }

  /** @returns false when the graph was there already */
  async attempt(job: Job, claim: HeldClaim, signal: AbortSignal): Promise<boolean> {
    const { window } = job;
    const { storage, digester, list, digestMaxBytes, keepEdges, check, report, onMade } = this.#options;
    const there = await storage.head(window.id, signal);
    if (there !== undefined && !claim.claim.refresh) {
      // Whoever stored it may have been killed before its entry was written.
      await list.ensure(window, there, signal);
      return false;
    }
    const began = performance.now();
    report().started(job);
    let made;
    let digest: Digest | undefined;
    let step: JobProgress["step"] = "reading";
    const progress = () => ({ step, ...digest?.progress?.() });
    this.#making.set(window.id, progress);
    claim.tell(progress);
    try {
      check(window);
      digest = await digester.digest(window, signal, claim.claim.token);
      made = await makeGraph(window, digest, storage, {
        maxDigestBytes: digestMaxBytes,
        keepEdges,
        onRead: () => (step = "storing"),
        signal,
        beforeCommit: () => claim.fence(),
        replaces: there?.version ?? null,
      });
    } catch (error) {
      claim.tell(undefined);
      // Whoever was faster has the claim by now, as a rule, and this job has nothing left to do.
      if (error instanceof SupersededError) await claim.confirm();
      throw error;
    } finally {
      if (this.#making.get(window.id) === progress) this.#making.delete(window.id);
    }
    await list.made(entryOf(window, made.stats, digest.counts, made.hasEdges), claim, signal);
    onMade(window);
    report().finished(job, performance.now() - began, made.stats, digest);
    return true;
  }
}

/** What a job says of its graph in the list. */
function entryOf(
  { id, start, stop, scope }: TimeWindow,
  { gzipBytes: size, nodes, edges, bytes, rejected, skipdata }: Readonly<GraphStats>,
  counts: Digest["counts"],
  table: boolean,
): Entry {
  const incomplete = skipdata + (counts?.["skipdata"] ?? 0) > 0;
  const ref = { id, start, stop, ...(scope !== undefined && { scope }) };
  return { ...ref, size, nodes, edges, bytes, rejected, incomplete, table };
}
