import { z } from "zod";
import { viewOf } from "../flow-log/data-view.js";
import { bigInt64At, newInt64s, readInt64, type Int64s } from "./int64.js";

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
    } satisfies z.input<typeof KeyValues>),
  );
}

/** @throws ZodError when a key is missing, or its value another than `toKeyValues` gives */
export function fromKeyValues(pairs: readonly { readonly key: string; readonly value?: string }[]) {
  const values = KeyValues.parse(Object.fromEntries(pairs.map(({ key, value }) => [key, value])));
  const digest = newInt64s(2);
  const hasDigest = [values.digest_start, values.digest_end].every((text = "", row) => {
    const bytes = Buffer.from(text, "latin1");
    return readInt64(digest, row, viewOf(bytes), 0, bytes.length);
  });
  const metadata: EdgesMetadata = {
    window: {
      startDate: new Date(values.window_start),
      stopDate: new Date(values.window_stop),
      ...(values.scope !== undefined && { scope: values.scope }),
    },
    making: values.making,
    counts: values.counts,
  };
  return { metadata, digest: hasDigest ? digest : undefined };
}

const Counts = z.record(z.string(), z.number());
const KeyValues = z.object({
  window_start: z.iso.datetime(),
  window_stop: z.iso.datetime(),
  scope: z.string().optional(),
  making: z.string(),
  counts: z.string().transform((text, context) => {
    try {
      return Counts.parse(JSON.parse(text));
    } catch {
      context.addIssue("expected a JSON object of numbers");
      return z.NEVER;
    }
  }),
  digest_start: z.string().optional(),
  digest_end: z.string().optional(),
});
