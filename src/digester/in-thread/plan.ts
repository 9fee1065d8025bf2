import { AthenaSource, type AthenaSourceOptions } from "../flow-logs/athena/source.js";
import { BucketSource, type BucketSourceOptions } from "../flow-logs/bucket.js";
import { DirectorySource } from "../flow-logs/directory.js";
import type { FlowLogDigesterOptions } from "../flow-logs/flow-log-digester.js";
import type { Source } from "../flow-logs/source.js";

/** Where flow logs are and how they are read, as plain data, which a thread can be given. */
export interface Plan {
  readonly place:
    | { readonly kind: "directory"; readonly path: string }
    | { readonly kind: "bucket"; readonly options: BucketSourceOptions }
    | { readonly kind: "athena"; readonly options: AthenaSourceOptions };
  readonly options: Omit<FlowLogDigesterOptions, "source">;
}

export function sourceOf(place: Plan["place"]): Source {
  if (place.kind === "directory") return new DirectorySource(place.path);
  return place.kind === "bucket" ? new BucketSource(place.options) : new AthenaSource(place.options);
}
