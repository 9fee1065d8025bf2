/** Rows are below it, and keys below 2^53 by it. */
const ROWS = 2 ** 29;

/** Used again by each call: most are about some dozens of rows. */
let room = new Float64Array(1024);

/**
 * Visits rows that have the same key, together: `rows[from]` up to `rows[to]`. Keys come in order,
 * rows within one too.
 *
 * @param keyOf negative for rows that are left out
 */
export function eachRun(
  unsorted: Int32Array,
  keyOf: (row: number) => number,
  visit: (key: number, rows: Float64Array, from: number, to: number) => void,
): void {
  if (unsorted.length > room.length) room = new Float64Array(2 * unsorted.length);
  const keyed = room;
  let size = 0;
  for (let at = 0; at < unsorted.length; at++) {
    const row = unsorted[at] ?? 0;
    const key = keyOf(row);
    if (key >= 0) keyed[size++] = key * ROWS + row;
  }
  if (size === 0) return;
  const rows = keyed.subarray(0, size).toSorted();
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
