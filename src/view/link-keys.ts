import { int64At } from "../edges/int64.js";
import { NONE } from "../edges/table.js";
import type { Conversations } from "./conversations.js";
import type { RowFacts } from "./links.js";
import type { Marks } from "./marks.js";
import { weightsOf } from "./measure.js";
import type { Nodes } from "./nodes.js";
import { heaviestOf } from "./top.js";
import { Triples } from "./triples.js";
import type { ViewRequest } from "./view.js";

/** Which link each row belongs to, `NONE` where it is left out; what tells links apart. */
export interface LinkKeys {
  readonly size: number;
  readonly linkOf: Int32Array;
  /** By link: its first row. */
  readonly firstRow: ArrayLike<number>;
  /** By row: 1 where nobody serves, and the ends are the other way round than those of its link. Empty: there is no such row. */
  readonly turned: Uint8Array;
  /** Of links between nodes: nodes, and what kind of link it is. */
  readonly pairs: Triples | undefined;
}

export function rowKeys(kept: Uint8Array): LinkKeys {
  const linkOf = new Int32Array(kept.length).fill(NONE);
  const firstRow = new Int32Array(kept.length);
  let size = 0;
  for (let row = 0; row < kept.length; row++) {
    if (kept[row] !== 1) continue;
    firstRow[size] = row;
    linkOf[row] = size++;
  }
  return { size, linkOf, firstRow, turned: NO_ROWS, pairs: undefined };
}

const NO_ROWS = new Uint8Array(0);

/** Links between nodes: flagged ones apart, by finding, and those that nobody serves. */
export function pairKeys(kept: Uint8Array, nodes: Nodes, table: Conversations, marks: Marks): LinkKeys {
  const linkOf = new Int32Array(kept.length).fill(NONE);
  const firstRow: number[] = [];
  let turned = NO_ROWS;
  const pairs = new KnownPairs(nodes.size, 2 * (1 + (marks.findings?.length ?? 0)));
  const { nodeOf } = nodes;
  const { client, server, served } = table;
  const { flaggedBy } = marks;
  for (let row = 0; row < kept.length; row++) {
    if (kept[row] !== 1) continue;
    const from = nodeOf[client[row] ?? 0] ?? NONE;
    const to = nodeOf[server[row] ?? 0] ?? NONE;
    const isServed = served[row] ?? 0;
    const isTurned = isServed === 0 && from > to;
    if (isTurned) {
      if (turned.length === 0) turned = new Uint8Array(kept.length);
      turned[row] = 1;
    }
    const kind = 2 * (flaggedBy?.[row] ?? 0) + isServed;
    const link = pairs.add(isTurned ? to : from, isTurned ? from : to, kind);
    if (link === firstRow.length) firstRow.push(row);
    linkOf[row] = link;
  }
  return { size: firstRow.length, linkOf, firstRow, turned, pairs: pairs.triples };
}

const MAX_KNOWN = 2 ** 18;

/** Pairs of nodes and what kind of link it is, numbered. Of few nodes they are looked up by a table rather than by hash. */
class KnownPairs {
  readonly triples = new Triples();
  readonly #nodes: number;
  readonly #kinds: number;
  /** 1 + the number; 0 where it isn't known yet. */
  readonly #known: Int32Array;

  /** @param kinds below it are the kinds */
  constructor(nodes: number, kinds: number) {
    this.#nodes = nodes;
    this.#kinds = kinds;
    const slots = nodes * nodes * kinds;
    this.#known = new Int32Array(slots <= MAX_KNOWN ? slots : 0);
  }

  add(from: number, to: number, kind: number): number {
    const known = this.#known;
    if (known.length === 0) return this.triples.add(from, to, kind);
    const slot = (from * this.#nodes + to) * this.#kinds + kind;
    const number = (known[slot] ?? 0) - 1;
    if (number >= 0) return number;
    const added = this.triples.add(from, to, kind);
    known[slot] = added + 1;
    return added;
  }
}

/** The links that are shown, in order: all; or the heaviest and what is flagged, by weight; or a page of them, flagged ones first. */
export function shownOf(keys: LinkKeys, facts: RowFacts, marks: Marks, request: ViewRequest): Int32Array {
  const { top, offset, by } = request;
  const all = allOf(keys);
  if (top === undefined) return all;
  const weights = new Float64Array(keys.size);
  const isFlagged = new Uint8Array(keys.size);
  const { linkOf } = keys;
  const { flaggedBy } = marks;
  const rowWeights = weightsOf(facts.table.traffic, by);
  const before = by === "bytes" ? facts.before : undefined;
  for (let row = 0; row < linkOf.length; row++) {
    const link = linkOf[row] ?? NONE;
    if (link === NONE) continue;
    // What is gone weighs what it did.
    const weight = rowWeights[row] || (before === undefined ? 0 : int64At(before, row));
    weights[link] = (weights[link] ?? 0) + weight;
    if ((flaggedBy?.[row] ?? 0) > 0) isFlagged[link] = 1;
  }
  const chosen = heaviestOf(weights, top + (offset ?? 0), (link) => isFlagged[link] === 1);
  const byWeight = (a: number, b: number) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b;
  const shown = all.filter((link) => chosen[link] === 1);
  if (offset === undefined) return shown.toSorted(byWeight);
  return shown
    .toSorted((a, b) => (isFlagged[b] ?? 0) - (isFlagged[a] ?? 0) || byWeight(a, b))
    .slice(offset, offset + top);
}

export function allOf({ size }: LinkKeys): Int32Array {
  const all = new Int32Array(size);
  for (let link = 0; link < size; link++) all[link] = link;
  return all;
}
