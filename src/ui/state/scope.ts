/** What names a part of the flow logs, as the API's parameters. */
export const PARTS = ["account", "region", "vpc"] as const;

/** A part of the flow logs as the API says it: `account=111122223333 vpc=vpc-1,vpc-2`. Empty: all. */
export function scopeOf(valueOf: (part: (typeof PARTS)[number]) => string | null): string {
  return PARTS.flatMap((part) => {
    const values = (valueOf(part) ?? "").split(/[\s,]+/).filter((value) => value !== "");
    return values.length === 0 ? [] : [`${part}=${[...new Set(values)].toSorted(compare).join(",")}`];
  }).join(" ");
}

/** The parameters of a scope. */
export function parametersOf(scope: string): URLSearchParams {
  return new URLSearchParams(scope.replaceAll(" ", "&"));
}

/** `account 111122223333 · vpc vpc-1, vpc-2`. */
export function scopeText(scope: string): string {
  return scope.replaceAll(" ", " · ").replaceAll("=", " ").replaceAll(",", ", ");
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
