import { bigInt64At, type Int64s } from "./int64.js";
import type { KeyValues } from "./read-metadata.js";

/** What a file of edges says of itself, beside its rows. */
export interface EdgesMetadata {
  readonly window: {
    readonly startDate: Date;
    readonly stopDate: Date;
    /** The part of the flow logs that the edges are of; undefined: all. */
    readonly scope?: string | undefined;
  };
  /** Which making of the graph the edges belong to. */
  readonly making: string;
  /** The counts of the job: records, nodata, skipdata, … */
  readonly counts: Readonly<Record<string, number>>;
}

/** Start and end of the digest, which the DOT has on each edge: rows 0 and 1. */
export type DigestTimes = Int64s;

/** Metadata as the file's keys and values, which SQL sees too. Without rows there are no times of a digest. */
export function toKeyValues(
  { window, making, counts }: EdgesMetadata,
  digest: DigestTimes | undefined,
): Map<string, string> {
  return new Map(
    Object.entries({
      window_start: window.startDate.toISOString(),
      window_stop: window.stopDate.toISOString(),
      ...(window.scope !== undefined && { scope: window.scope }),
      making,
      counts: JSON.stringify(counts),
      ...(digest && {
        digest_start: String(bigInt64At(digest, 0)),
        digest_end: String(bigInt64At(digest, 1)),
      }),
    } satisfies KeyValues),
  );
}
