import type { Version, Way } from "../../s3/quick-get.js";

export interface FetcherOptions {
  /** Milliseconds in which an object has to come from S3; 15 s unless told otherwise. */
  readonly withinMs?: number | undefined;
  /** Files that take longer wait for a network or a disk's arm: then several wait at once. 1 ms unless told otherwise. */
  readonly slowMs?: number | undefined;
}

export interface FileWant {
  /** By which the answer is known. */
  readonly id: number;
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

export interface ObjectWant extends Version {
  readonly id: number;
}

/** What the thread that fetches small files is told. */
export type Task =
  | { readonly kind: "stat"; readonly id: number; readonly paths: readonly string[] }
  | {
      readonly kind: "fetch";
      readonly files: readonly FileWant[];
      readonly objects: readonly ObjectWant[];
      /** To these objects and all that come; undefined: the last one. */
      readonly way: Way | undefined;
      /** Memory that nobody reads any more, for what is fetched next. */
      readonly blocks: readonly ArrayBuffer[];
    }
  | { readonly kind: "end"; readonly ids: readonly number[] };

/** What it tells. */
export type Reply =
  | {
      readonly kind: "stats";
      readonly id: number;
      /** Bytes, milliseconds of the last change and inode number of each, or three times NaN. */
      readonly stats: Float64Array;
    }
  | { readonly kind: "fetched"; readonly block: ArrayBuffer; readonly files: readonly Fetched[] };

/** Where a file is in a block. One that couldn't be fetched ends before it starts. */
export interface Fetched {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}
