import type { Dispatcher } from "undici";
import type { Readable } from "node:stream";
import type { EdgeBatch } from "../edges/table.js";
import type { Conversion } from "../graph/convert.js";
import type { ConversionWithParquet } from "../graph/convert-edges.js";
import type { Module } from "../module.js";
import type { Scope } from "../scope.js";
import type { TimeWindow } from "../window.js";

/**
 * A digest is the sum of the flow log records of a window:
 *
 * - **Window.** A record is counted in the window that contains its `end`. (The stop of a window isn't part of it.) So no record
 *   is in two windows, and each record counts completely or not at all.
 * - **Key.** One line for each combination of account, interface, source, destination, protocol, ports, action and log-status, as
 *   they are written in the records. No two lines have the same key.
 * - **Ports.** The end that doesn't serve has port 0. So a service that a client called two thousand times is one line in each
 *   direction. Both ports are 0 for protocols without ports.
 * - **Sums.** Packets and bytes are exact, also beyond 2^53. For each key without its ports, they are the sums of its records.
 * - **Times.** All lines have the same `start` and `end`: the earliest start and the latest end of all records of the window.
 * - **Order.** Any order, but the same flow logs always give the same bytes, unless another
 *   engine sums them up: it has an order of its own.
 * - **Records without traffic.** NODATA and SKIPDATA are lines of their own (a vpcflow-digesterd's) or are in `counts`, never
 *   both. SKIPDATA means that AWS lost records; the log says so.
 */
export type Digest = DigestOfLines | DigestOfEdges | DigestElsewhere;

/** A digest as text, such as a vpcflow-digesterd gives it. */
export interface DigestOfLines extends DigestFacts {
  /**
   * Lines in AWS's default format, plain or gzip (the first bytes tell). Fails with `CorruptInputError` if the flow logs can never
   * be digested, otherwise with `DependencyError("digester", …)`. Never ends early: an end means that the digest is complete. The
   * reader must consume or destroy it.
   */
  readonly body: Readable;
}

/** A digest as a table, which can hold more than lines can: times, flags and number of flows of each edge. */
export interface DigestOfEdges extends DigestFacts {
  /**
   * The lines as rows, without NODATA and SKIPDATA, with the same `start` and `end` in all of them. Read it once. It fails and ends
   * as `body` does. A reader that stops early calls `return`, as `for await` does.
   *
   * A batch holds until the next one is asked for: its memory may be used again.
   */
  readonly edges: AsyncIterable<EdgeBatch>;
}

/** A digest that becomes a graph where it is made, such as in a thread: its rows never come here. */
export interface DigestElsewhere extends DigestFacts {
  /**
   * To be called once. The bodies fail and end as those of other digests do. Whoever doesn't want them destroys one of them, or
   * aborts.
   *
   * @param wanted.parquet whether the edges are wanted as Parquet, too
   * @param wanted.onRead is called when all flow logs have been read
   */
  convert(wanted: {
    readonly parquet: boolean;
    readonly onRead: () => void;
  }): Conversion | ConversionWithParquet;
}

/** How far the reading of flow logs is. */
export interface Progress {
  readonly filesDone: number;
  readonly files: number;
  readonly records: number;
}

export interface DigestFacts {
  /** Can be called at any time until the digest has been read. */
  readonly progress?: () => Progress;
  /** What was read and what was left out, for the event `job-finished`. Final when the body has ended. */
  readonly counts?: Readonly<Record<string, number>>;
  /** What else the event `job-finished` says, such as the id of a query. */
  readonly details?: Readonly<Record<string, string>>;
  /** What the operator should know about the flow logs, one sentence each. Final when the body has ended. */
  readonly warnings?: readonly string[];
}

/** Sums up the flow logs of a window, or has it done elsewhere. May be called concurrently. */
export interface Digester extends Module {
  /**
   * The signal governs the body as well. If its reason is a `HandedOverError`, work that was started elsewhere goes on there.
   *
   * @param making names this making of the graph: the same for whoever continues the job, another one for a refresh
   * @throws DependencyError ("digester"), CorruptInputError
   */
  digest(window: TimeWindow, signal: AbortSignal, making?: string): Promise<Digest>;

  /**
   * A digester that has this sums up that part of the flow logs alone which the scope of a window names. One without it knows
   * no scope: it is never given a window that has one.
   *
   * @throws ScopeError when the scope is beyond what the digester is set to read
   */
  checkScope?(scope: Scope): void;

  /** When the logs of the window can be expected to be complete; without it, or in the past: now. */
  readyAt?(window: TimeWindow): Date;
}

/** What a process has for a Digester besides its settings. */
export interface DigesterGiven {
  /** Largest digest as it comes over the wire. */
  readonly maxBytes: number;
  /** The program's own HTTP client, for what speaks HTTP. */
  readonly client: Dispatcher | undefined;
}
