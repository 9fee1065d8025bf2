import type { Dispatcher } from "undici";
import type { Readable } from "node:stream";
import type { EdgeBatch } from "../edges/table.js";
import type { Module } from "../module.js";
import type { Scope } from "../scope.js";
import type { TimeWindow } from "../window.js";

/**
 * A digest is the flow log records of a window, summed:
 *
 * - **Window.** A record belongs to the window that its `end` is in, the window's stop excluded, so that none belongs to two.
 *   Of a record, all or nothing is counted.
 * - **Key.** A line for each account, interface, source, destination, protocol, pair of ports, action and log-status, as
 *   they are written in the records; no two lines have one key.
 * - **Ports.** The end that doesn't serve has port 0, so that a service called two thousand times from as many ports is one
 *   line each way; both are 0 where there are no ports.
 * - **Sums.** Packets and bytes are exact, beyond 2^53 as well. For each key without its ports they are those of its records.
 * - **Times.** `start` and `end` of each line are the least start and the greatest end of all records of the window.
 * - **Order.** Any; the same flow logs always give the same bytes.
 * - **Records without traffic.** NODATA and SKIPDATA are lines of their own (a vpcflow-digesterd's) or among the `counts`,
 *   never both: SKIPDATA says that AWS lost records, and the job's events tell it.
 */
export type Digest = DigestOfLines | DigestOfEdges;

/** A digest as a vpcflow-digesterd, or whoever writes text, gives it. */
export interface DigestOfLines extends DigestFacts {
  /**
   * Lines in the default flow log format, plain or gzip (told by the first bytes). Errors with
   * `CorruptInputError` when the flow logs can never be digested, otherwise with `DependencyError("digester", …)`.
   * Never ends early: an end means that it is whole. The reader must consume or destroy it.
   */
  readonly body: Readable;
}

/** A digest as a table, which has room for more than lines tell: times, flags and flows of each edge. */
export interface DigestOfEdges extends DigestFacts {
  /**
   * The lines as rows, NODATA and SKIPDATA excepted, with `start` and `end` the same in all of them. To be read once; fails
   * and ends as `body` does. Whoever stops reading early ends it by `return`, as `for await` does.
   */
  readonly edges: AsyncIterable<EdgeBatch>;
}

interface DigestFacts {
  /** How far the reading of the flow logs is, at any time until the digest has been read. */
  readonly progress?: () => { readonly filesDone: number; readonly files: number; readonly records: number };
  /** What was read and what was left out, for the job's log event. Final when the body has ended. */
  readonly counts?: Readonly<Record<string, number>>;
  /** What whoever runs the service should know of the flow logs, each in a sentence. Final when the body has ended. */
  readonly warnings?: readonly string[];
}

/** Sums up the flow logs of a window, or has it done elsewhere. May be called concurrently. */
export interface Digester extends Module {
  /**
   * The signal governs the body as well.
   *
   * @throws DependencyError ("digester"), CorruptInputError
   */
  digest(window: TimeWindow, signal: AbortSignal): Promise<Digest>;

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
