import type { Readable } from "node:stream";
import type { Module } from "../module.js";
import type { GraphId, GraphRef } from "../window.js";
import type { Entry, EntryPage, EntryQuery } from "../entry.js";

/** What is known of a stored graph without reading it. */
export interface GraphInfo {
  /** How the stored bytes are encoded. Graphs are stored as gzip; the Go service left plain ones. */
  readonly encoding: "gzip" | "identity";
  /** Stored bytes. */
  readonly size: number;
  readonly modified: Date;
  /** Names these very bytes: it changes whenever they do. Visible ASCII without a double quote. */
  readonly version: string;
}

export interface StoredGraph extends GraphInfo {
  /**
   * The stored bytes, untouched: at once where they are at hand, and never to be changed, else as a stream. That errors when
   * they can't be read to the end; the reader must consume or destroy it.
   */
  readonly body: Readable | Buffer;
}

export interface StoreOptions {
  readonly signal: AbortSignal;
  /**
   * To be awaited when nothing is left to do but the step that makes the graph appear, and that step to follow at once. It
   * rejects when the job isn't ours any more; then nothing appears, and the rejection is the call's.
   */
  readonly beforeCommit: () => Promise<void>;
  /**
   * What was there when the work began: the graph of this version, or null for none. Where that isn't so any more, a
   * storage that can tell in the same step rejects with `SupersededError` and leaves what is there. Undefined: anything.
   */
  readonly replaces?: string | null;
}

/**
 * Where graphs are kept. All calls may run concurrently, for one id too, and from several processes.
 *
 * Failures are `DependencyError("storage", …)` with their cause. An abort rejects with the signal's reason and leaves
 * nothing behind that a reader could see.
 */
export interface Storage extends Module {
  /** Undefined when there is no such graph. */
  head(id: GraphId, signal: AbortSignal): Promise<GraphInfo | undefined>;

  /** Undefined when there is no such graph. The signal governs the body as well. */
  get(id: GraphId, signal: AbortSignal): Promise<StoredGraph | undefined>;

  /**
   * Keeps a gzip body under the id, replacing what was there. Readers see the old graph or the whole new one, never
   * a part: nothing appears before the body has ended and `beforeCommit` has resolved, and nothing at all when either
   * fails or the signal aborts.
   * When it resolves the graph survives a crash. Of two concurrent calls for one id either may win, whole.
   * On rejection, whatever was uploaded so far has been discarded (or that was tried, with a deadline).
   * An error here destroys the body, and the body's own error is the rejection.
   */
  store(id: GraphId, body: Readable, options: StoreOptions): Promise<void>;

  /** Keeps the edges of graphs beside them. A storage without it keeps graphs alone. */
  readonly edges?: EdgeStorage;

  /** Keeps what the list of graphs is made of. A storage without it can't tell which graphs it has. */
  readonly entries?: EntryStorage;

  /**
   * Removes a graph with its edges; when there is none, nothing. The graph goes first, since it alone says that there is one, so
   * that a call that failed in between is called again. Whoever is reading it reads to the end, or fails as a broken read does.
   */
  remove?(id: GraphId, signal: AbortSignal): Promise<void>;
}

export type StoreEdgesOptions = Omit<StoreOptions, "replaces">;

/**
 * Where the edges of graphs are kept, as Parquet. They never say that there is a graph: a reader takes them only when they name
 * the making of the graph that lies beside them. Calls and failures are as those of `Storage`.
 */
export interface EdgeStorage {
  /** Keeps Parquet under the id, as `Storage.store` keeps a graph. */
  store(id: GraphId, body: Readable, options: StoreEdgesOptions): Promise<void>;

  /** Undefined when there are none, or no graph of gzip beside them. Must be closed. */
  open(id: GraphId, signal: AbortSignal): Promise<StoredEdges | undefined>;
}

export interface StoredEdges {
  /** The making of the graph that lies beside, as `makingOf` names it: the last 8 bytes of its gzip in hexadecimal. */
  readonly making: string;
  /** Bytes. */
  readonly size: number;
  /**
   * The bytes from `start` up to `end`, fewer only at the end of the file. They are those of one making: rejects with a
   * transient `DependencyError` when the file was replaced since it was opened and the old bytes are gone.
   */
  read(start: number, end: number, signal: AbortSignal): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * Where the list of graphs is kept: an entry for each, small, beside them. They never say that there is a graph: whoever lists them
 * looks. Calls and failures are as those of `Storage`.
 */
export interface EntryStorage {
  /** Keeps an entry in the place of the one that this graph had. */
  put(entry: Entry, signal: AbortSignal): Promise<void>;

  /** Undefined when there is none, or none that can be read. */
  get(ref: GraphRef, signal: AbortSignal): Promise<Entry | undefined>;

  /** A page of the list, the window that ends last first, without reading the entries. */
  list(query: EntryQuery, signal: AbortSignal): Promise<EntryPage>;

  /** Removes an entry; when there is none, nothing. */
  remove(ref: GraphRef, signal: AbortSignal): Promise<void>;

  /** How many graphs have no entry. Undefined when there are too many of either to count. */
  unlisted(signal: AbortSignal): Promise<number | undefined>;
}

/** What a process has for a Storage besides its settings. */
export interface StorageGiven {
  /** Milliseconds after which what nobody wrote to is taken for a killed process's. */
  readonly staleMs: number;
}
