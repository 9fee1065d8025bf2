import type { MessagePort } from "node:worker_threads";
import type { EdgesMetadata } from "../edges/metadata.js";
import type { Severity } from "../finding/finding.js";
import type { Mute } from "../finding/mute.js";
import type { LoadedNames } from "../name/names.js";
import type { ViewRequest } from "../view/view.js";

/** A window as questions and answers have it: RFC 3339, in UTC. */
interface WindowText {
  readonly start: string;
  readonly stop: string;
}

/** What is asked of a graph. */
export type Question =
  | {
      readonly kind: "view";
      /** A key of `VIEW_FORMATS`. */
      readonly format: string;
      readonly rows: "conversations" | "flows";
      readonly request: ViewRequest;
    }
  | { readonly kind: "findings"; readonly limit: number };

/** A stored graph that the thread may read, if it doesn't know it already: its bytes, piece by piece, through a port. */
export interface RemoteGraph {
  /** Names the graph and its making. */
  readonly key: string;
  readonly window: WindowText;
  /** The part of the flow logs that it is of; undefined: all. */
  readonly scope: string | undefined;
  readonly metadata: EdgesMetadata | undefined;
  readonly port: MessagePort;
  /** Bytes of the Parquet; undefined where it is a DOT. */
  readonly size: number | undefined;
}

/** What a question is answered from, and who waits for the answer. All of it may be posted to another thread. */
export interface Task {
  readonly question: Question;
  readonly graph: RemoteGraph;
  /** Other windows: the one that a view is compared with, those that came before. */
  readonly before: readonly RemoteGraph[];
  readonly names: { readonly version: string; readonly loaded: readonly LoadedNames[] };
  readonly mutes: { readonly version: string; readonly list: readonly Mute[] };
  readonly maxEdges: number;
  readonly cacheBytes: number;
  /** Asked for the beginning of the answer, then for piece after piece. */
  readonly answer: MessagePort;
}

/** How many findings a graph has by itself, not against other windows. */
export type SeverityCounts = Readonly<Record<Severity, number>>;

/** What the thread says of a question: first how it begins, then its bytes, then that it has ended. */
export type Piece =
  | { readonly begins: true; readonly found: SeverityCounts | undefined }
  | { readonly bytes: Uint8Array }
  | { readonly ends: true }
  | { readonly refused: { readonly why: "senseless" | "too large"; readonly message: string } }
  | { readonly damaged: { readonly key: string; readonly message: string } }
  /** The other thread could not give the bytes, and knows why. */
  | { readonly unread: true }
  | { readonly defect: Error };
