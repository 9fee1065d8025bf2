import type { Module } from "./module.js";
import type { Logger } from "./telemetry/log.js";

/**
 * What to do with a job that was delivered.
 *
 * - `done`: the graph is stored, or nothing was left to do. Delete the message
 * - `drop`: it can never succeed: it isn't a job, its flow logs are corrupt, or this process may not make its graph. Delete the message
 * - `later`: deliver it again after `afterMs` milliseconds: the worker is full, it is too early, another worker has the job, or the
 *   process stops
 * - `again`: the job failed, and may succeed when it is delivered again
 *
 * The error says why. It is for the log; `explain` makes a sentence for others of it.
 */
export type Fate =
  | { readonly fate: "done" }
  | { readonly fate: "drop"; readonly error: Error }
  | { readonly fate: "later"; readonly afterMs: number; readonly error: Error }
  | { readonly fate: "again"; readonly error: Error };

/**
 * Runs a job, `{ "id", "start", "stop", "scope"?, "refresh"?, "claim"? }`, to its end. Never rejects. The deliverer has nothing else to
 * do meanwhile: the service renews the claim. Then the deliverer does what the fate says.
 */
export type Deliver = (message: unknown) => Promise<Fate>;

/** Where those who deliver say what happens to them. What becomes of a job is told by the service itself. */
export type Report = Pick<Logger, "info" | "warn" | "error">;

/**
 * Brings jobs to the service by another way than HTTP, for example from a queue of messages. It is started after all modules. When the
 * process stops, it is told to `drain` first, and to `stop` before the modules stop, when each delivery has its fate.
 */
export interface Deliverer extends Pick<Module, "drain" | "stop"> {
  /** Starts to deliver. Resolves when it has started. If it rejects, the process does not start. */
  start(deliver: Deliver, report: Report): Promise<void>;
}
