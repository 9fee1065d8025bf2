/** A finding, and the rows that it flags. */
export interface Flagging {
  readonly id: string;
  readonly rows: readonly number[];
}

/** What became of a conversation since another window, as codes. 0: nothing was compared. */
export const STATUSES = ["", "new", "gone", "changed", "same"] as const;
export const [, NEW, GONE, CHANGED, SAME] = [0, 1, 2, 3, 4] as const;

/** What is said of a table's rows from elsewhere. */
export interface Marks {
  /** The gravest first. Undefined: nobody looked. */
  readonly findings: readonly Flagging[] | undefined;
  /** By row: 1 + the first of the findings that flag it; 0 for none. */
  readonly flaggedBy: Int32Array | undefined;
  /** By row. Undefined: there is no other window. */
  readonly status: Uint8Array | undefined;
}

export function marksOf(
  rows: number,
  findings: readonly Flagging[] | undefined,
  status: Uint8Array | undefined,
): Marks {
  if (findings === undefined) return { findings, flaggedBy: undefined, status };
  const flaggedBy = new Int32Array(rows);
  for (const [index, finding] of findings.entries()) {
    for (const row of finding.rows) if (flaggedBy[row] === 0) flaggedBy[row] = index + 1;
  }
  return { findings, flaggedBy, status };
}
