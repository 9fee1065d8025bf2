import type { Readable } from "node:stream";
import type { Module } from "../../module.js";
import type { Selection } from "./selection.js";

/** Parquet files up to this size are read at once, larger ones a row group at a time. AWS's have up to 75 MB, most a few. */
export const PARQUET_WHOLE_BYTES = 8 * 1024 * 1024;

/** Files up to this size are held whole: a stream for each would cost more than what is read from it. */
export const SMALL_BYTES = 256 * 1024;

/** A file of flow logs, wherever it is kept. */
export interface LogObject {
  /** Its name below the directory or bucket, with slashes. */
  readonly key: string;
  readonly format: "text" | "parquet";
  /** `aws`: its name is one that AWS gives to flow logs. Otherwise its content alone tells whether it is one. */
  readonly named: "aws" | "otherwise";
  /** Whose its records are, as far as its name or folders tell. Undefined: only the records do. */
  readonly account: string | undefined;
  /** The region of the flow log, when AWS named the file. */
  readonly region?: string | undefined;
  /** The flow log that it belongs to, such as fl-0a1b2c3d4e5f60718, when AWS named it. */
  readonly flowLog?: string | undefined;
  /** Of a file whose lines are sums rather than records, all of what is wanted: the further fields that these have. */
  readonly sums?: readonly string[] | undefined;
  /** Stands for its bytes: another one once they were replaced, as far as the store tells. */
  readonly version: string;
  /** Bytes. */
  readonly size: number;
  /**
   * Its bytes, or those from `start` up to `end`, not included. The stream errors when they can't be read to the end;
   * the reader must consume or destroy it.
   */
  open(signal: AbortSignal, range?: { readonly start: number; readonly end: number }): Readable;
  /**
   * All of its bytes, when they are to be held in memory, without gzip where that was taken off already. Undefined when there
   * are more by now than `size`.
   */
  read(signal: AbortSignal): Promise<Buffer | undefined>;
  /** To be told when what `read` gave is read no more: its memory is used again then. */
  release?: ((bytes: Buffer) => void) | undefined;
  /** To be told when a block of `open` is read no more, by somebody who would make it quicker to read others. */
  reuse?: ((block: Buffer) => void) | undefined;
}

/** What a source holds of a selection. */
export interface Listing {
  /** The objects that may hold records of it, in the order of their keys, so that a digest is reproducible. */
  readonly objects: readonly LogObject[];
  /** What was left out and why, for the job's log event. */
  readonly counts: Readonly<Record<string, number>>;
  /** What should be known of it, in sentences. */
  readonly warnings: readonly string[];
  /** Where it was looked for, such as s3://bucket/prefix/, for messages. */
  readonly where: string;
  /** What else the job's log event tells. */
  readonly details?: Readonly<Record<string, string>> | undefined;
}

/** Where flow logs are kept. May be called concurrently. */
export interface Source extends Pick<Module, "start" | "stop"> {
  /**
   * @throws DependencyError ("digester") when it can't be listed, when what it holds of the selection is archived, or
   *   when it holds nothing that could be a flow log, of this selection or another: the message says what was found
   * @param making names the making of the graph that it is for: the same for whoever goes on with it
   */
  list(selection: Selection, signal: AbortSignal, making?: string): Promise<Listing>;

  /** Rejects with the reason why it couldn't be listed now. */
  ready(signal: AbortSignal): Promise<void>;
}
