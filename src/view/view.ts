import type { Int64s } from "../edges/int64.js";
import type { OptionalColumn } from "../edges/table.js";
import { NONE } from "../edges/table.js";
import { around, type Hops } from "./around.js";
import { compare } from "./compare.js";
import { TRAFFIC_KINDS, type Conversations } from "./conversations.js";
import type { Stored } from "./converse.js";
import type { EndTest } from "./ends.js";
import { filterOf } from "./filter.js";
import { groupHosts } from "./group.js";
import type { Grouping } from "./grouping.js";
import { hostsOf, type HostList } from "./host-list.js";
import { Hosts, type NameLookup } from "./hosts.js";
import { linkQuery, type LinkKind } from "./link-query.js";
import { LinkSums, rowLink, type LinkFacts, type RowFacts } from "./links.js";
import { marksOf, type Flagging, type Marks } from "./marks.js";
import { measureOf, type Measure } from "./measure.js";
import { nodeHosts, type NodeHosts } from "./node-hosts.js";
import type { Nodes } from "./nodes.js";
import { heaviestOf } from "./top.js";
import { addTotals, totalsOf, type Totals } from "./totals.js";
import { Triples } from "./triples.js";
import type { Where } from "./where.js";

/** What is asked of a graph. */
export interface ViewRequest {
  readonly where: Where;
  /** As it was written. */
  readonly whereText: string;
  readonly grouping: Grouping;
  /** Ids of nodes that are shown one level finer. */
  readonly open?: readonly string[] | undefined;
  readonly around: readonly EndTest[] | undefined;
  readonly hops: Hops;
  /** At most so many links, if what is flagged isn't more. Undefined: all. */
  readonly top: number | undefined;
  /** So many links come before those of this page: what is flagged, then the heaviest. Undefined: there are no pages. */
  readonly offset?: number | undefined;
  readonly by: Measure;
  /** Whether JSON has the positions of the map as well. */
  readonly layout?: "map" | undefined;
}

interface Window {
  readonly start: string;
  readonly stop: string;
}

/** What a view is made of. */
export interface ViewInput {
  readonly window: Window;
  /** The part of the flow logs that the graph is of; undefined: all. */
  readonly scope?: string | undefined;
  /** Conversations; or, for the edges as they are stored, those with them. */
  readonly graph: Conversations | Stored;
  readonly against?: { readonly window: Window; readonly table: Conversations } | undefined;
  readonly names: NameLookup;
  /** What is known of the graph's hosts by an earlier view of the same graph and names. */
  readonly hosts?: Hosts | undefined;
  /** The gravest first, with the conversations that they flag. */
  readonly findings?: readonly Flagging[] | undefined;
  /** Hosts that are flagged, numbers of addresses: a group doesn't hide the first few. */
  readonly flaggedHosts?: readonly number[] | undefined;
  /** Whether records were lost before they were digested. Undefined: nobody knows. */
  readonly incomplete: boolean | undefined;
  /** Whatever else has to be said of the graph, a sentence each. */
  readonly notes?: readonly string[] | undefined;
}

/** Rows that no link shows by itself. */
interface Left extends Totals {
  /** Conversations, or edges. */
  readonly rows: number;
}

export interface ViewLink extends LinkFacts {
  /** Nodes: of the view; of `other` those of `otherNodes`. */
  readonly from: number;
  readonly to: number;
  /** Of the findings that flag it, the one that flags the fewest conversations. */
  readonly finding: string | undefined;
  /** The filter that shows what is in it; of a link of `other`, what is in it and the links of the view beside it. */
  readonly where: string;
}

export interface LinkList {
  readonly size: number;
  /** Made when it is asked for: there may be as many as conversations. */
  at(link: number): ViewLink;
  /** Its nodes, at less cost. */
  endsAt(link: number): { readonly from: number; readonly to: number };
}

interface ViewFinding extends Omit<Flagging, "rows"> {
  /** Those that it flags. */
  readonly links: readonly number[];
}

/** The answer. */
export interface View {
  readonly window: Window;
  readonly scope: string | undefined;
  readonly against: Window | undefined;
  /** Whether rows are the edges as they are stored, or conversations. */
  readonly rows: "conversations" | "flows";
  readonly graph: Totals & {
    readonly edges: number;
    readonly conversations: number;
    /** Conversations that several interfaces logged, and the edges that aren't counted therefore. */
    readonly loggedTwice: number;
    readonly edgesLoggedTwice: number;
    readonly incomplete: boolean | undefined;
    readonly unknown: readonly OptionalColumn[];
  };
  readonly nodes: Nodes;
  readonly links: LinkList;
  readonly otherNodes: Nodes;
  readonly other: LinkList;
  readonly left: { readonly filtered: Left; readonly folded: Left };
  readonly findings: readonly ViewFinding[] | undefined;
  readonly notes: readonly string[];
  /** The hosts of a node of `nodes`. */
  readonly hostsOf: NodeHosts;
  readonly layout: "map" | undefined;
}

/** As few groups as `group=auto` gives: their pairs are few enough for what is left over. */
const FEW_NODES = 15;

/**
 * Computes a view: its links, what is folded into others and what is filtered out add up to the graph.
 *
 * @throws WhereError when the filter asks for what isn't there to tell
 */
export function viewOf(input: ViewInput, request: ViewRequest): View {
  const { rows, conversations, facts, marks } = rowsOf(input);
  const { table } = facts;
  const hosts = input.hosts ?? new Hosts(table, input.names);
  let test = filterOf(request.where, table, hosts, marks);
  if (request.around !== undefined) test = around(request.around, request.hops, table, hosts, test);
  const kept = new Uint8Array(table.size);
  for (let row = 0; row < table.size; row++) if (test(row)) kept[row] = 1;
  const list = hostsOf(table, (row) => kept[row] === 1);
  const nodes = groupHosts(request.grouping, list, table, hosts, input.flaggedHosts, request.open);
  const isByHost = request.grouping.by === "host";
  const keys = isByHost ? rowKeys(kept) : pairKeys(kept, nodes, table, marks);
  const shown = shownOf(keys, facts, marks, request);
  const links = linkList(keys, shown, facts, nodes, marks, isByHost, request.whereText);
  const folded = kept.map((isKept, row) => (isKept === 1 && links.linkOf(row) === NONE ? 1 : 0));
  const otherNodes = otherNodesOf(folded, nodes, list, facts.table, hosts);
  const noMarks = marksOf(0, undefined, undefined);
  const otherKeys = pairKeys(folded, otherNodes, table, noMarks);
  const other = linkList(
    otherKeys,
    Int32Array.from({ length: otherKeys.size }, (_, link) => link),
    facts,
    otherNodes,
    noMarks,
    false,
    request.whereText,
  );
  const filtered = kept.map((isKept) => 1 - isKept);
  return {
    window: input.window,
    scope: input.scope,
    against: input.against?.window,
    rows,
    graph: {
      ...table.counted,
      edges: conversations.edges.reduce((sum, edges) => sum + edges, 0),
      conversations: conversations.size,
      loggedTwice: conversations.loggedTwice,
      edgesLoggedTwice: conversations.edgesLoggedTwice,
      incomplete: input.incomplete,
      unknown: conversations.unknown,
    },
    nodes,
    links: links.list,
    otherNodes,
    other: other.list,
    left: { filtered: leftOf(filtered, table), folded: leftOf(folded, table) },
    findings: marks.findings?.map(({ rows, ...finding }) => ({
      ...finding,
      links: [...new Set(rows.map((row) => links.linkOf(row)))].filter((link) => link !== NONE),
    })),
    notes: [...(input.notes ?? []), ...nodes.notes, ...(otherNodes === nodes ? [] : otherNodes.notes)],
    hostsOf: nodeHosts(facts.table, kept, links.isTurned, nodes, hosts, input.flaggedHosts ?? [], marks),
    layout: request.layout,
  };
}

interface Rows {
  readonly rows: View["rows"];
  readonly conversations: Conversations;
  readonly facts: RowFacts;
  readonly marks: Marks;
}

/** The rows that are looked at, with what is said of them. */
function rowsOf({ graph, against, findings }: ViewInput): Rows {
  const stored = "rows" in graph ? graph : undefined;
  const conversations = "rows" in graph ? graph.conversations : graph;
  const comparison = against && compare(conversations, against.table);
  if (stored === undefined) {
    const table = comparison?.table ?? conversations;
    const { status, before } = comparison ?? {};
    return {
      rows: "conversations",
      conversations,
      facts: { table, status, before },
      marks: marksOf(table.size, findings, status),
    };
  }
  const { rows: table, conversationOf } = stored;
  const status = comparison && Uint8Array.from(conversationOf, (of) => comparison.status[of] ?? 0);
  const flagged = findings?.map(({ rows, ...finding }) => {
    const set = new Set(rows);
    return {
      ...finding,
      rows: [...conversationOf.keys()].filter((row) => set.has(conversationOf[row] ?? NONE)),
    };
  });
  return {
    rows: "flows",
    conversations,
    facts: { table, status, before: undefined },
    marks: marksOf(table.size, flagged, status),
  };
}

/** Which link each row belongs to, `NONE` where it is left out; what tells links apart. */
interface LinkKeys {
  readonly size: number;
  readonly linkOf: Int32Array;
  /** Of links between nodes: nodes, and what kind of link it is. */
  readonly pairs: Triples | undefined;
}

function rowKeys(kept: Uint8Array): LinkKeys {
  const linkOf = new Int32Array(kept.length).fill(NONE);
  let size = 0;
  for (let row = 0; row < kept.length; row++) if (kept[row] === 1) linkOf[row] = size++;
  return { size, linkOf, pairs: undefined };
}

/** Links between nodes: flagged ones apart, by finding, and those that nobody serves. */
function pairKeys(kept: Uint8Array, nodes: Nodes, table: Conversations, marks: Marks): LinkKeys {
  const linkOf = new Int32Array(kept.length).fill(NONE);
  const pairs = new Triples();
  for (let row = 0; row < kept.length; row++) {
    if (kept[row] !== 1) continue;
    const from = nodes.nodeOf[table.client[row] ?? 0] ?? NONE;
    const to = nodes.nodeOf[table.server[row] ?? 0] ?? NONE;
    const served = table.served[row] ?? 0;
    const kind = 2 * (marks.flaggedBy?.[row] ?? 0) + served;
    linkOf[row] = served === 0 && from > to ? pairs.add(to, from, kind) : pairs.add(from, to, kind);
  }
  return { size: pairs.size, linkOf, pairs };
}

/** The links that are shown, in order: all; or the heaviest and what is flagged, by weight; or a page of them, flagged ones first. */
function shownOf(keys: LinkKeys, facts: RowFacts, marks: Marks, request: ViewRequest): Int32Array {
  const { top, offset, by } = request;
  const all = Int32Array.from({ length: keys.size }, (_, link) => link);
  if (top === undefined) return all;
  const weights = new Float64Array(keys.size);
  const isFlagged = new Uint8Array(keys.size);
  const weigh = measureOf(facts.table.traffic, by);
  const before = by === "bytes" && facts.before ? columnMeasure(facts.before) : () => 0;
  for (let row = 0; row < keys.linkOf.length; row++) {
    const link = keys.linkOf[row] ?? NONE;
    if (link === NONE) continue;
    // What is gone weighs what it did.
    weights[link] = (weights[link] ?? 0) + (weigh(row) || before(row));
    if ((marks.flaggedBy?.[row] ?? 0) > 0) isFlagged[link] = 1;
  }
  const chosen = heaviestOf(weights, top + (offset ?? 0), (link) => isFlagged[link] === 1);
  const byWeight = (a: number, b: number) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b;
  const shown = all.filter((link) => chosen[link] === 1);
  if (offset === undefined) return shown.toSorted(byWeight);
  return shown
    .toSorted((a, b) => (isFlagged[b] ?? 0) - (isFlagged[a] ?? 0) || byWeight(a, b))
    .slice(offset, offset + top);
}

function columnMeasure(column: Int64s): (row: number) => number {
  return measureOf([{ bytes: column, packets: column, flows: undefined }], "bytes");
}

function otherNodesOf(
  folded: Uint8Array,
  nodes: Nodes,
  list: HostList,
  table: Conversations,
  hosts: Hosts,
): Nodes {
  if (nodes.size <= FEW_NODES || !folded.includes(1)) return nodes;
  return groupHosts({ by: "auto" }, list, table, hosts);
}

/** The links that are shown, numbered anew. */
function linkList(
  keys: LinkKeys,
  shown: Int32Array,
  facts: RowFacts,
  nodes: Nodes,
  marks: Marks,
  isByHost: boolean,
  base: string,
): { list: LinkList; linkOf: (row: number) => number; isTurned: (row: number) => boolean } {
  const { table } = facts;
  const numberOf = new Int32Array(keys.size).fill(NONE);
  const size = shown.length;
  for (let number = 0; number < size; number++) numberOf[shown[number] ?? NONE] = number;
  const linkOf = (row: number) => numberOf[keys.linkOf[row] ?? NONE] ?? NONE;
  const firstRow = new Int32Array(size).fill(NONE);
  const sums = isByHost ? undefined : new LinkSums(facts, size);
  for (let row = 0; row < table.size; row++) {
    const link = linkOf(row);
    if (link === NONE) continue;
    if (firstRow[link] === NONE) firstRow[link] = row;
    sums?.add(link, row, isTurned(row));
  }
  function isTurned(row: number): boolean {
    const [from, to] = nodesOf(row);
    return !isByHost && table.served[row] === 0 && from > to;
  }
  function nodesOf(row: number): [number, number] {
    return [nodes.nodeOf[table.client[row] ?? 0] ?? NONE, nodes.nodeOf[table.server[row] ?? 0] ?? NONE];
  }
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
  return { list: { size, at, endsAt }, linkOf, isTurned };
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

function leftOf(mask: Uint8Array, table: Conversations): Left {
  const totals = TRAFFIC_KINDS.map((kind) => totalsOf(table.traffic[kind], table.size, mask)).reduce(
    addTotals,
  );
  return { rows: mask.reduce((sum, one) => sum + one, 0), ...totals };
}
