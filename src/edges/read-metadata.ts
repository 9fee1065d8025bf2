import { z } from "zod";
import { viewOf } from "../flow-log/data-view.js";
import { newInt64s, readInt64 } from "./int64.js";
import type { EdgesMetadata } from "./metadata.js";

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
/** As they are written. */
export type KeyValues = z.input<typeof KeyValues>;
