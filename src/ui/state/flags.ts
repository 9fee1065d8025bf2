/** What a finding makes of the traffic that it is about. */
export const FLAGS = ["flagged", "reached"] as const;
export type Flag = (typeof FLAGS)[number];

/** @param finding an id, which begins with the name of its rule */
export function flagOf(finding: string | undefined): Flag | undefined {
  if (finding === undefined) return undefined;
  return finding.startsWith("reached-from-") ? "reached" : "flagged";
}

export function flagText(flag: Flag): string {
  return flag === "flagged" ? "flagged" : "reached from a flagged host";
}
