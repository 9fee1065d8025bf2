import type { Readable } from "node:stream";
import type { Module } from "../module.js";
import type { TimeWindow } from "../window.js";

export interface Digest {
  /**
   * Lines in the default flow log format, one for each key, plain or gzip (told by the first bytes). Errors with
   * `CorruptInputError` when the flow logs can never be digested, otherwise with `DependencyError("digester", …)`.
   * Never ends early: an end means that it is whole. The reader must consume or destroy it.
   */
  readonly body: Readable;
  /** What was read and what was left out, for the job's log event. Final when the body has ended. */
  readonly counts?: Readonly<Record<string, number>>;
  /** What whoever runs the service should know of the flow logs, each in a sentence. Final when the body has ended. */
  readonly warnings?: readonly string[];
}

/** Sums up the flow logs of a window. May be called concurrently. */
export interface Digester extends Module {
  /**
   * The signal governs the body as well.
   *
   * @throws DependencyError ("digester"), CorruptInputError
   */
  digest(window: TimeWindow, signal: AbortSignal): Promise<Digest>;

  /** When the logs of the window can be expected to be complete; without it, or in the past: now. */
  readyAt?(window: TimeWindow): Date;
}
