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
import { allOf, pairKeys, rowKeys, shownOf } from "./link-keys.js";
import { linkList } from "./link-list.js";
import type { LinkFacts, RowFacts } from "./links.js";
import { marksOf, type Flagging, type Marks } from "./marks.js";
import type { Measure } from "./measure.js";
import { nodeHosts, type NodeHosts } from "./node-hosts.js";
import type { Nodes } from "./nodes.js";
import { addTotals, NO_TOTALS, totalsOf, type Totals } from "./totals.js";
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
  /** What its job counted: files, records, those that were skipped. Undefined: nobody knows. */
  readonly read?: Readonly<Record<string, number>> | undefined;
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
    readonly read: Readonly<Record<string, number>> | undefined;
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
  const kept = keptOf(request, table, hosts, marks);
  const list = hostsOf(table, kept);
  const nodes = groupHosts(request.grouping, list, table, hosts, input.flaggedHosts, request.open);
  const isByHost = request.grouping.by === "host";
  const keys = isByHost ? rowKeys(kept) : pairKeys(kept, nodes, table, marks);
  const shown = shownOf(keys, facts, marks, request);
  const links = linkList(keys, shown, facts, nodes, marks, isByHost, request.whereText);
  const folded = foldedOf(kept, links.linkOf);
  const foldedRows = countOf(folded);
  const otherNodes = foldedRows === 0 ? nodes : otherNodesOf(nodes, list, facts.table, hosts);
  const other = foldedRows === 0 ? NO_LINKS : otherLinks(folded, otherNodes, facts, request.whereText);
  return {
    window: input.window,
    scope: input.scope,
    against: input.against?.window,
    rows,
    graph: {
      ...table.counted,
      edges: countOf(conversations.edges),
      conversations: conversations.size,
      loggedTwice: conversations.loggedTwice,
      edgesLoggedTwice: conversations.edgesLoggedTwice,
      incomplete: input.incomplete,
      read: input.read,
      unknown: conversations.unknown,
    },
    nodes,
    links: links.list,
    otherNodes,
    other: other.list,
    left: {
      filtered: filteredOf(kept, table),
      folded: { rows: foldedRows, ...(other.totals ?? NO_TOTALS) },
    },
    findings: marks.findings?.map(({ rows, ...finding }) => ({
      ...finding,
      links: [...new Set(rows.map((row) => links.linkOf[row] ?? NONE))].filter((link) => link !== NONE),
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

const NO_LINKS: { readonly list: LinkList; readonly totals: Totals | undefined } = {
  list: { size: 0, at: noLink, endsAt: noLink },
  totals: undefined,
};

function noLink(link: number): never {
  throw new RangeError(`there is no link ${link}`);
}

function otherNodesOf(nodes: Nodes, list: HostList, table: Conversations, hosts: Hosts): Nodes {
  return nodes.size <= FEW_NODES ? nodes : groupHosts({ by: "auto" }, list, table, hosts);
}

/** Whatever flags what is folded: it isn't told apart. */
function otherLinks(folded: Uint8Array, nodes: Nodes, facts: RowFacts, where: string) {
  const noMarks = marksOf(0, undefined, undefined);
  const keys = pairKeys(folded, nodes, facts.table, noMarks);
  return linkList(keys, allOf(keys), facts, nodes, noMarks, false, where);
}

/** 1 for each row that isn't filtered out. */
function keptOf(request: ViewRequest, table: Conversations, hosts: Hosts, marks: Marks): Uint8Array {
  const kept = new Uint8Array(table.size);
  if (request.where.length === 0 && request.around === undefined) return kept.fill(1);
  let test = filterOf(request.where, table, hosts, marks);
  if (request.around !== undefined) test = around(request.around, request.hops, table, hosts, test);
  for (let row = 0; row < table.size; row++) if (test(row)) kept[row] = 1;
  return kept;
}

/** 1 for each row that is kept, and of no link. */
function foldedOf(kept: Uint8Array, linkOf: Int32Array): Uint8Array {
  const folded = new Uint8Array(kept.length);
  for (let row = 0; row < kept.length; row++) if (kept[row] === 1 && linkOf[row] === NONE) folded[row] = 1;
  return folded;
}

function filteredOf(kept: Uint8Array, table: Conversations): Left {
  const rows = kept.length - countOf(kept);
  const filtered = rows === 0 ? kept : kept.map((isKept) => 1 - isKept);
  const totals = TRAFFIC_KINDS.map((kind) =>
    totalsOf(table.traffic[kind], rows === 0 ? 0 : table.size, filtered),
  );
  return { rows, ...totals.reduce(addTotals) };
}

function countOf(column: Uint8Array | Uint32Array): number {
  let sum = 0;
  for (let row = 0; row < column.length; row++) sum += column[row] ?? 0;
  return sum;
}
