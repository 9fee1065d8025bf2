import type { Readable } from "node:stream";
import type { Module } from "../module.js";
import type { GraphId, GraphRef } from "../window.js";
import type { Entry, EntryPage, EntryQuery } from "../entry.js";

/** What a storage knows of a graph without reading it. */
export interface GraphInfo {
  /** How the stored bytes are encoded. The service stores gzip; the Go service left plain graphs. */
  readonly encoding: "gzip" | "identity";
  /** Stored bytes. */
  readonly size: number;
  readonly modified: Date;
  /** Names these bytes: it changes whenever they change. Visible ASCII without a double quote. */
  readonly version: string;
}

export interface StoredGraph extends GraphInfo {
  /**
   * The stored bytes as they are: a Buffer if they are in memory (nobody may change it), else a stream. The stream fails if the
   * bytes can't be read to the end. The reader must consume or destroy it.
   */
  readonly body: Readable | Buffer;
}

export interface StoreOptions {
  readonly signal: AbortSignal;
  /**
   * Await this as the last thing before the step that makes the graph visible, and take that step at once. It rejects if the
   * job now belongs to another worker. Then make nothing visible, and reject with the same error.
   */
  readonly beforeCommit: () => Promise<void>;
  /**
   * The version that was there when the work began; null if there was no graph. If another version is there by now, reject with
   * `SupersededError` and leave it, as far as the storage can check this in the same step. Undefined: replace anything.
   */
  readonly replaces?: string | null;
}

/**
 * Keeps graphs. All calls can run at the same time, also for the same id, and from several processes.
 *
 * A failure is a `DependencyError("storage", …)` with its cause. An abort rejects with the signal's reason and leaves nothing
 * behind that a reader could see.
 */
export interface Storage extends Module {
  /** Undefined when there is no such graph. */
  head(id: GraphId, signal: AbortSignal): Promise<GraphInfo | undefined>;

  /** Undefined when there is no such graph. The signal also ends the body. */
  get(id: GraphId, signal: AbortSignal): Promise<StoredGraph | undefined>;

  /**
   * Stores a gzip body under the id, in place of what was there. Readers see the old graph or the complete new one, never a part.
   * The new graph becomes visible after the body has ended and `beforeCommit` has resolved. If either fails, or the signal
   * aborts, it never does.
   * When this resolves, the graph survives a crash. If two calls for one id run at the same time, either can win, completely.
   * When this rejects, partial uploads have been discarded (or the storage has tried, with a deadline).
   * An error here destroys the body. An error of the body is the rejection.
   */
  store(id: GraphId, body: Readable, options: StoreOptions): Promise<void>;

  /** Keeps the table of edges beside each graph. Optional: a storage without it keeps graphs only. */
  readonly edges?: EdgeStorage;

  /** Keeps the list of graphs. Optional: without it, nobody can ask which graphs there are. */
  readonly entries?: EntryStorage;

  /**
   * Removes a graph and its edges, if they exist. Remove the graph first: it alone says that there is one. So a call that failed in
   * the middle can be repeated. Somebody who is reading the graph either reads it to the end or gets an error.
   */
  remove?(id: GraphId, signal: AbortSignal): Promise<void>;
}

export type StoreEdgesOptions = Omit<StoreOptions, "replaces">;

/**
 * Keeps the edges of graphs, as Parquet. Edges don't say that there is a graph: a reader uses them only if they name the making of
 * the graph beside them. Calls and failures are like those of `Storage`.
 */
export interface EdgeStorage {
  /** Stores Parquet under the id, as `Storage.store` stores a graph. */
  store(id: GraphId, body: Readable, options: StoreEdgesOptions): Promise<void>;

  /** Undefined when there are no edges, or no gzip graph beside them. The caller must close them. */
  open(id: GraphId, signal: AbortSignal): Promise<StoredEdges | undefined>;
}

export interface StoredEdges {
  /** The making of the graph beside them, as `makingOf` names it: the last 8 bytes of its gzip, in hexadecimal. */
  readonly making: string;
  /** Bytes. */
  readonly size: number;
  /**
   * The bytes from `start` up to `end`; fewer only at the end of the file. All bytes belong to one making: if the file was replaced
   * since it was opened, and the old bytes are gone, this rejects with a `SupersededError`.
   */
  read(start: number, end: number, signal: AbortSignal): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * Keeps the list of graphs: one small entry beside each graph. An entry doesn't say that there is a graph: whoever reads the list
 * checks. Calls and failures are like those of `Storage`.
 */
export interface EntryStorage {
  /** Stores an entry, in place of an earlier one of this graph. */
  put(entry: Entry, signal: AbortSignal): Promise<void>;

  /** Undefined when there is no entry, or it can't be read. */
  get(ref: GraphRef, signal: AbortSignal): Promise<Entry | undefined>;

  /** A page of the list, without reading the entries. The window that ends last comes first. */
  list(query: EntryQuery, signal: AbortSignal): Promise<EntryPage>;

  /** Removes an entry, if it exists. */
  remove(ref: GraphRef, signal: AbortSignal): Promise<void>;

  /** The number of graphs without an entry. Undefined when there are too many to count. */
  unlisted(signal: AbortSignal): Promise<number | undefined>;
}

/** What a process has for a Storage besides its settings. */
export interface StorageGiven {
  /** Milliseconds after which a temporary file that nobody wrote to counts as left behind by a killed process. */
  readonly staleMs: number;
}
