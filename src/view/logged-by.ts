import { TRAFFIC_KINDS } from "./conversations.js";
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
  const loggedFrom = new Uint32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    for (let kind = 0; kind < KINDS; kind++) {
      if (isFirst(owners, row, kind)) loggedFrom[row + 1] = (loggedFrom[row + 1] ?? 0) + 1;
    }
  }
  for (let i = 0; i < further.size; i++) {
    const row = further.a[i] ?? 0;
    loggedFrom[row + 1] = (loggedFrom[row + 1] ?? 0) + 1;
  }
  for (let row = 0; row < rows; row++) {
    loggedFrom[row + 1] = (loggedFrom[row + 1] ?? 0) + (loggedFrom[row] ?? 0);
  }
  const loggedBy = new Int32Array(loggedFrom[rows] ?? 0);
  const next = loggedFrom.slice();
  const put = (row: number, logger: number): void => {
    const at = next[row] ?? 0;
    loggedBy[at] = logger;
    next[row] = at + 1;
  };
  for (let row = 0; row < rows; row++) {
    for (let kind = 0; kind < KINDS; kind++) {
      if (isFirst(owners, row, kind)) put(row, (owners[KINDS * row + kind] ?? 0) - 1);
    }
  }
  for (let i = 0; i < further.size; i++) put(further.a[i] ?? 0, further.b[i] ?? 0);
  return { loggedFrom, loggedBy };
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

/** Whether an owner is there, and owns no earlier kind of the row. */
function isFirst(owners: Int32Array, row: number, kind: number): boolean {
  const owner = owners[KINDS * row + kind] ?? 0;
  return owner !== 0 && !isOwner(owners, row, kind, owner);
}

/** @param kinds only so many are looked at */
function isOwner(owners: Int32Array, row: number, kinds: number, owner: number): boolean {
  for (let kind = 0; kind < kinds; kind++) if (owners[KINDS * row + kind] === owner) return true;
  return false;
}
