/** More hosts or ports than so make no filter that anybody reads: it then shows more than the evidence. */
const MOST = 50;

interface Terms {
  readonly from?: readonly string[] | "internet" | "inside";
  readonly to?: readonly string[] | "internet" | "inside";
  /** Either end. */
  readonly host?: readonly string[];
  readonly port?: readonly number[];
  readonly protocol?: string;
  readonly is?: "rejected";
}

/** A filter as views take it. */
export function filter(terms: Terms): string {
  return Object.entries(terms)
    .flatMap(([name, value]: [string, string | readonly (string | number)[]]) => {
      if (typeof value === "string") return [`${name}:${value}`];
      return value.length === 0 || value.length > MOST ? [] : [`${name}:${value.join(",")}`];
    })
    .join(" ");
}
