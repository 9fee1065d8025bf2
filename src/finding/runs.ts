/** Rows are below it, and keys below 2^53 by it. */
const ROWS = 2 ** 29;

/** Visits rows that have the same key, together: `rows[from]` up to `rows[to]`. Keys come in order, rows within one too. */
export function eachRun(
  unsorted: Int32Array,
  keyOf: (row: number) => number,
  visit: (key: number, rows: Float64Array, from: number, to: number) => void,
): void {
  const size = unsorted.length;
  const keyed = new Float64Array(size);
  for (let at = 0; at < size; at++) {
    const row = unsorted[at] ?? 0;
    keyed[at] = keyOf(row) * ROWS + row;
  }
  const rows = size > 1 ? keyed.toSorted() : keyed;
  for (let from = 0; from < size;) {
    const key = Math.floor((rows[from] ?? 0) / ROWS);
    let to = from;
    for (; to < size; to++) {
      const row = (rows[to] ?? 0) - key * ROWS;
      if (row >= ROWS) break;
      rows[to] = row;
    }
    visit(key, rows, from, to);
    from = to;
  }
}
