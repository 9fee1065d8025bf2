import type { Module } from "./module.js";
import type { Logger } from "./telemetry/log.js";

/**
 * What becomes of a job that was delivered.
 *
 * - `done`: its graph is stored, or nothing was left to do
 * - `drop`: no delivery of it can ever succeed: it isn't a job, or its flow logs are corrupt
 * - `later`: not now, but after so many milliseconds: no room, too early, another worker has it, the process stops
 * - `again`: it failed, and may succeed when it is delivered again
 *
 * The error says why. It is for the log; `explain` has a sentence for others.
 */
export type Fate =
  | { readonly fate: "done" }
  | { readonly fate: "drop"; readonly error: Error }
  | { readonly fate: "later"; readonly afterMs: number; readonly error: Error }
  | { readonly fate: "again"; readonly error: Error };

/**
 * Works a job, `{ "id", "start", "stop", "refresh"?, "claim"? }`, to its end. Never rejects. Nothing else is to be done for the
 * job meanwhile: its claim is renewed here. Whoever delivered it drops it, or delivers it again, as its fate says.
 */
export type Deliver = (message: unknown) => Promise<Fate>;

/** Where those who deliver say what happens to them. What becomes of a job is told by the service itself. */
export type Report = Pick<Logger, "info" | "warn" | "error">;

/**
 * Brings jobs to the service besides HTTP, from a queue of messages for example. It is started after all modules, told to
 * `drain` before anything else of the process stops, and stopped before the modules are, when each delivery has its fate.
 */
export interface Deliverer extends Pick<Module, "drain" | "stop"> {
  /** Begins to deliver. Resolves when it has begun; a rejection stops the process from starting. */
  start(deliver: Deliver, report: Report): Promise<void>;
}
