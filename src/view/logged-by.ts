import { larger, trimmed } from "./capacity.js";
import { TRAFFIC_KINDS } from "./conversations.js";
import { RowsByKey } from "./rows-by-key.js";
import { Triples } from "./triples.js";

const KINDS = TRAFFIC_KINDS.length;

/**
 * Who logged each conversation, once each: who saw the first edge of a kind, then the others in order of appearance.
 *
 * @param owners by row and kind: 1 + the logger that saw the first such edge, 0 where there is none
 * @param others row and kind in one, and another logger
 */
export function loggedByOf(
  rows: number,
  owners: Int32Array,
  others: Triples,
): { loggedFrom: Uint32Array; loggedBy: Int32Array } {
  const further = furtherOf(owners, others);
  const furtherOfRow = new RowsByKey(further.a.subarray(0, further.size), rows);
  const loggedFrom = new Uint32Array(rows + 1);
  let loggedBy = new Int32Array(rows + further.size);
  let size = 0;
  for (let row = 0; row < rows; row++) {
    loggedFrom[row] = size;
    if (size + KINDS > loggedBy.length)
      loggedBy = larger(loggedBy, new Int32Array(2 * loggedBy.length + KINDS));
    for (let kind = 0; kind < KINDS; kind++) {
      const owner = owners[KINDS * row + kind] ?? 0;
      if (owner !== 0 && !isOwner(owners, row, kind, owner)) loggedBy[size++] = owner - 1;
    }
    const more = furtherOfRow.sizeOf(row);
    if (more === 0) continue;
    if (size + more > loggedBy.length)
      loggedBy = larger(loggedBy, new Int32Array(2 * loggedBy.length + more));
    for (const other of furtherOfRow.of(row)) loggedBy[size++] = further.b[other] ?? 0;
  }
  loggedFrom[rows] = size;
  return { loggedFrom, loggedBy: trimmed(loggedBy, size) };
}

/** Rows and loggers that own no kind of them. */
function furtherOf(owners: Int32Array, others: Triples): Triples {
  const further = new Triples();
  for (let other = 0; other < others.size; other++) {
    const row = Math.floor((others.a[other] ?? 0) / KINDS);
    const logger = others.b[other] ?? 0;
    if (!isOwner(owners, row, KINDS, logger + 1)) further.add(row, logger, 0);
  }
  return further;
}

/** @param kinds only so many are looked at */
function isOwner(owners: Int32Array, row: number, kinds: number, owner: number): boolean {
  for (let kind = 0; kind < kinds; kind++) if (owners[KINDS * row + kind] === owner) return true;
  return false;
}
