import { NONE } from "../edges/table.js";
import type { LinkKeys } from "./link-keys.js";
import { linkQuery, type LinkKind } from "./link-query.js";
import { LinkSums, rowLink, type RowFacts } from "./links.js";
import type { Marks } from "./marks.js";
import type { Nodes } from "./nodes.js";
import type { Totals } from "./totals.js";
import type { Triples } from "./triples.js";
import type { LinkList, ViewLink } from "./view.js";

/** The links that are shown, numbered anew: `keys.linkOf` becomes `linkOf`. */
export function linkList(
  keys: LinkKeys,
  shown: Int32Array,
  facts: RowFacts,
  nodes: Nodes,
  marks: Marks,
  isByHost: boolean,
  base: string,
): { list: LinkList; linkOf: Int32Array; isTurned: (row: number) => boolean; totals: Totals | undefined } {
  const { table } = facts;
  const size = shown.length;
  const linkOf = renumbered(keys, shown);
  const { nodeOf } = nodes;
  const nodesOf = (row: number): [number, number] => [
    nodeOf[table.client[row] ?? 0] ?? NONE,
    nodeOf[table.server[row] ?? 0] ?? NONE,
  ];
  const { turned } = keys;
  const isTurned = (row: number) => turned[row] === 1;
  const firstRow = Int32Array.from(shown, (link) => keys.firstRow[link] ?? NONE);
  const sums = isByHost ? undefined : new LinkSums(facts, size, linkOf, turned);
  const beside = keys.pairs && besideOf(keys.pairs);
  const endsAt = (link: number) => {
    const row = firstRow[link] ?? NONE;
    const [client, server] = nodesOf(row);
    return isTurned(row) ? { from: server, to: client } : { from: client, to: server };
  };
  const at = (link: number): ViewLink => {
    const row = firstRow[link] ?? NONE;
    const { from, to } = endsAt(link);
    const flaggedBy = marks.flaggedBy?.[row] ?? 0;
    const finding = flaggedBy > 0 ? marks.findings?.[flaggedBy - 1]?.id : undefined;
    const linkFacts = sums?.at(link) ?? rowLink(facts, row);
    const kind: LinkKind = {
      finding: isByHost ? undefined : finding,
      notFindings: marks.byFewest
        .slice(0, Math.max(0, marks.byFewest.indexOf(flaggedBy - 1)))
        .map((index) => marks.findings?.[index]?.id ?? ""),
      besideFlagged: beside?.flagged(from, to) ?? false,
      besideOther: beside?.notServed(from, to) ?? false,
    };
    const where = linkQuery(base, nodes.at(from), nodes.at(to), linkFacts, isByHost, kind);
    return { ...linkFacts, from, to, finding, where };
  };
  return { list: { size, at, endsAt }, linkOf, isTurned, totals: sums?.totals };
}

/** By row: the place of its link among those that are shown, `NONE` where it isn't. */
function renumbered({ size, linkOf }: LinkKeys, shown: Int32Array): Int32Array {
  const numberOf = new Int32Array(size).fill(NONE);
  for (let number = 0; number < shown.length; number++) numberOf[shown[number] ?? NONE] = number;
  for (let row = 0; row < linkOf.length; row++) {
    const link = linkOf[row] ?? NONE;
    if (link !== NONE) linkOf[row] = numberOf[link] ?? NONE;
  }
  return linkOf;
}

function pairKey(a: number, b: number): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

/** What there is between two nodes, either way round. */
function besideOf(pairs: Triples): Record<"flagged" | "notServed", (from: number, to: number) => boolean> {
  const flagged = new Set<string>();
  const notServed = new Set<string>();
  for (let pair = 0; pair < pairs.size; pair++) {
    const kind = pairs.c[pair] ?? 0;
    if (kind > 1) flagged.add(pairKey(pairs.a[pair] ?? 0, pairs.b[pair] ?? 0));
    if (kind % 2 === 0) notServed.add(pairKey(pairs.a[pair] ?? 0, pairs.b[pair] ?? 0));
  }
  return {
    flagged: (from, to) => flagged.has(pairKey(from, to)),
    notServed: (from, to) => notServed.has(pairKey(from, to)),
  };
}
