import type { MessagePort } from "node:worker_threads";
import type { GraphStats } from "../../graph/stats.js";
import type { PlainWindow } from "../../window.js";
import type { DigestFacts, Progress } from "../digester.js";
import type { PlainError } from "./plain-error.js";

/** A digest that a thread shall make, and the port through which all is said about it. */
export interface Task {
  readonly window: PlainWindow;
  readonly making: string | undefined;
  readonly port: MessagePort;
}

/** In the place of a task: the thread ends when it is done with those that it has, also with what was aborted. */
export const LEAVE = "leave";

/** What comes out: the DOT, and the edges as Parquet. */
export type Output = "body" | "parquet";

/** What the thread is told. */
export type Order =
  | { readonly kind: "convert"; readonly parquet: boolean }
  /** The next piece of an output is wanted, when the one before it has come. */
  | { readonly kind: "next"; readonly of: Output }
  /** Nothing is wanted any more. */
  | { readonly kind: "abort"; readonly reason: string; readonly isHandedOver: boolean };

/** What the thread tells. */
export type Report =
  | { readonly kind: "digested" | "progress"; readonly progress: Progress | undefined }
  /** All flow logs have been read. */
  | { readonly kind: "read" }
  | { readonly kind: "piece"; readonly of: Output; readonly bytes: Uint8Array<ArrayBuffer> }
  | {
      readonly kind: "end";
      readonly of: Output;
      readonly stats: Readonly<GraphStats>;
      readonly facts: Required<Pick<DigestFacts, "counts" | "details" | "warnings">>;
    }
  | { readonly kind: "failed"; readonly error: PlainError };
