import { trimmed } from "./capacity.js";
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
  // One logger may own several kinds.
  const loggedBy = new Int32Array(countOwners(owners) + further.size);
  let size = 0;
  for (let row = 0; row < rows; row++) {
    loggedFrom[row] = size;
    for (let kind = 0; kind < KINDS; kind++) {
      const owner = owners[KINDS * row + kind] ?? 0;
      if (owner !== 0 && !isOwner(owners, row, kind, owner)) loggedBy[size++] = owner - 1;
    }
    if (furtherOfRow.sizeOf(row) === 0) continue;
    for (const other of furtherOfRow.of(row)) loggedBy[size++] = further.b[other] ?? 0;
  }
  loggedFrom[rows] = size;
  return { loggedFrom, loggedBy: trimmed(loggedBy, size) };
}

function countOwners(owners: Int32Array): number {
  let count = 0;
  for (let slot = 0; slot < owners.length; slot++) if (owners[slot] !== 0) count++;
  return count;
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
