/** What a finding says of the hosts at the ends of its rows: that something is amiss, or that such a host reached them. */
export type FlagKind = "flagged" | "reached";

/** A finding, and the rows that it flags. */
export interface Flagging {
  readonly id: string;
  readonly rows: readonly number[];
  /** `flagged` unless told otherwise. */
  readonly kind?: FlagKind | undefined;
  /** One sentence. */
  readonly title?: string | undefined;
}

/** What became of a conversation since another window, as codes. 0: nothing was compared. */
export const STATUSES = ["", "new", "gone", "changed", "same"] as const;
export const [, NEW, GONE, CHANGED, SAME] = [0, 1, 2, 3, 4] as const;

/** What is said of a table's rows from elsewhere. */
export interface Marks {
  /** The gravest first. Undefined: nobody looked. */
  readonly findings: readonly Flagging[] | undefined;
  /**
   * By row: 1 + the first of the findings that flag it, of those that flag the fewest rows; 0 for none. So what is told of a
   * few conversations isn't lost in what is told of many.
   */
  readonly flaggedBy: Int32Array | undefined;
  /** The findings, those that flag the fewest rows first. */
  readonly byFewest: readonly number[];
  /** By row. Undefined: there is no other window. */
  readonly status: Uint8Array | undefined;
}

export function marksOf(
  rows: number,
  findings: readonly Flagging[] | undefined,
  status: Uint8Array | undefined,
): Marks {
  if (findings === undefined) return { findings, flaggedBy: undefined, byFewest: [], status };
  const flaggedBy = new Int32Array(rows);
  const byFewest = [...findings.keys()].toSorted(
    (a, b) => (findings[a]?.rows.length ?? 0) - (findings[b]?.rows.length ?? 0) || a - b,
  );
  for (const index of byFewest) {
    for (const row of findings[index]?.rows ?? []) if (flaggedBy[row] === 0) flaggedBy[row] = index + 1;
  }
  return { findings, flaggedBy, byFewest, status };
}
