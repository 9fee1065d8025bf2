import { NONE } from "../edges/table.js";
import { cidrText, networkOf, type Cidr } from "../flow-log/cidr.js";
import type { AddressValues } from "./address-values.js";
import type { Conversations } from "./conversations.js";
import type { Grouping } from "./grouping.js";
import type { HostList } from "./host-list.js";
import type { HostField, Hosts } from "./hosts.js";
import { isPrivate, isPrivateNetwork } from "./internet.js";
import type { NodeQuery, Nodes, ViewNode } from "./nodes.js";
import { longestPrefixes, type Prefixes } from "./prefixes.js";

/** So many groups can be taken in at once. */
const MAX_GROUPS = 15;
/** Of them, for names or networks of the Internet. */
const MAX_INTERNET_GROUPS = 4;
/** Of them, for hosts that are shown beside their groups. */
const MAX_SINGLE_HOSTS = 5;

/** A group before its hosts are counted. */
type Group = Omit<ViewNode, "hosts" | "side">;
type GroupOf = (address: number) => Group;

/**
 * Puts hosts into groups.
 *
 * @param single hosts that are nodes of their own whatever the grouping: those that are flagged. The first few
 */
export function groupHosts(
  grouping: Grouping,
  list: HostList,
  table: Conversations,
  hosts: Hosts,
  single: readonly number[] = [],
): Nodes {
  if (grouping.by === "host") return hostNodes(list, hosts);
  const out = new Set(single.filter((address) => address < list.bound).slice(0, MAX_SINGLE_HOSTS));
  const { groupOf, notes } = groupsOf(grouping, list, table, hosts, out);
  const nodes = new Map<
    string,
    { group: Group; side: ViewNode["side"]; hosts: number; none: string[]; index: number }
  >();
  const nodeOf = new Int32Array(list.bound).fill(NONE);
  const put = (address: number, group: Group): void => {
    let node = nodes.get(group.id);
    if (node === undefined) {
      const side = hosts.isInternet(address) ? "internet" : "inside";
      node = { group, side, hosts: 0, none: [], index: nodes.size };
      nodes.set(group.id, node);
    }
    node.hosts++;
    nodeOf[address] = node.index;
  };
  for (const address of list.addresses) if (!out.has(address)) put(address, groupOf(address));
  for (const address of out) {
    if (!list.addresses.includes(address)) continue;
    nodes.get(groupOf(address).id)?.none.push(hosts.text(address));
    put(address, hostGroup(address, hosts));
  }
  const all = [...nodes.values()].map(({ group, side, hosts, none }) =>
    nodeOfGroup(group, side, hosts, none),
  );
  return {
    size: all.length,
    at: (node) => all[node] ?? nothing(node),
    nodeOf,
    notes,
  };
}

function nodeOfGroup(
  { id, label, kind, query }: Group,
  side: ViewNode["side"],
  hosts: number,
  none: readonly string[],
): ViewNode {
  return { id, label, kind, side, hosts, query: { all: query.all, none: [...query.none, ...none] } };
}

function nothing(node: number): never {
  throw new RangeError(`there is no node ${node}`);
}

function hostNodes(list: HostList, hosts: Hosts): Nodes {
  const nodeOf = new Int32Array(list.bound).fill(NONE);
  for (const [node, address] of list.addresses.entries()) nodeOf[address] = node;
  const at = (node: number): ViewNode => {
    const address = list.addresses[node] ?? nothing(node);
    return {
      ...hostGroup(address, hosts),
      side: hosts.isInternet(address) ? "internet" : "inside",
      hosts: 1,
    };
  };
  return { size: list.addresses.length, at, nodeOf, notes: [] };
}

function hostGroup(address: number, hosts: Hosts): Group {
  const text = hosts.text(address);
  return {
    id: text,
    label: hosts.name(address)?.text ?? text,
    kind: "host",
    query: { all: [text], none: [] },
  };
}

function fieldGroup(kind: HostField & Group["kind"], text: string): Group {
  const id = `${kind}:${text}`;
  return { id, label: text, kind, query: { all: [id], none: [] } };
}

/** All others on a side of the border. */
function sideGroup(side: "internet" | "inside", none: readonly string[]): Group {
  const label = side === "internet" ? "Internet" : "inside";
  return {
    id: side,
    label: none.length > 0 && side === "inside" ? "other inside" : label,
    kind: side,
    query: { all: [side], none },
  };
}

function networkGroup(
  address: number,
  values: AddressValues,
  { v4, v6 }: Prefixes,
  query: (network: Cidr, text: string) => NodeQuery,
): Group {
  const version = values.version(address);
  const words = Uint32Array.from([0, 1, 2, 3], (index) => values.word(address, index));
  const network = networkOf({ version, words, prefix: version === 4 ? v4 : v6 });
  const text = cidrText(network);
  return { id: text, label: text, kind: "network", query: query(network, text) };
}

function ofNetwork(_: Cidr, text: string): NodeQuery {
  return { all: [text], none: [] };
}

function groupsOf(
  grouping: Exclude<Grouping, { by: "host" }>,
  list: HostList,
  table: Conversations,
  hosts: Hosts,
  out: ReadonlySet<number>,
): { groupOf: GroupOf; notes: readonly string[] } {
  switch (grouping.by) {
    case "auto":
      return autoGroups(list, table, hosts, out);
    case "prefix": {
      const { prefixes } = grouping;
      return { groupOf: (address) => networkGroup(address, table.values, prefixes, ofNetwork), notes: [] };
    }
    case "name":
      return {
        groupOf: (address) => {
          const text = hosts.field("name", address);
          return text === undefined ? hostGroup(address, hosts) : fieldGroup("name", text);
        },
        notes: [],
      };
    case "vpc":
    case "subnet":
    case "account":
    case "interface":
    default: {
      const field = grouping.by;
      let unknown = 0;
      const none = [`${field}:*`];
      for (const address of list.addresses) {
        if (hosts.field(field, address) === undefined && !hosts.isInternet(address)) unknown++;
      }
      const notes =
        unknown === 0 ? [] : [`The ${field} of ${unknown} inside hosts isn't known: they are one group.`];
      return {
        groupOf: (address) => {
          const text = hosts.field(field, address);
          if (text !== undefined) return fieldGroup(field, text);
          return sideGroup(hosts.isInternet(address) ? "internet" : "inside", none);
        },
        notes,
      };
    }
  }
}

/** Names, else subnets or VPCs where they are known, else prefixes; of the Internet names of the heaviest, else one. */
function autoGroups(
  list: HostList,
  table: Conversations,
  hosts: Hosts,
  out: ReadonlySet<number>,
): { groupOf: GroupOf; notes: readonly string[] } {
  const inside: number[] = [];
  const internet: number[] = [];
  for (const address of list.addresses) {
    if (!out.has(address)) (hosts.isInternet(address) ? internet : inside).push(address);
  }
  const named = heaviest(internet, list, hosts);
  const reserved = out.size + (internet.length > 0 ? 1 : 0) + named.size;
  const insideOf = insideGroups(
    inside,
    table,
    hosts,
    MAX_GROUPS - reserved,
    internet.some((address) => isPrivate(table.values, address)),
  );
  const none = [...named].map((text) => `name:${text}`);
  const notes = [...insideOf.notes];
  if (internet.length > 1) {
    const others = named.size > 0 ? `${named.size} by name, the others one group` : "one group";
    notes.push(`${internet.length} hosts of the Internet are ${others}.`);
  }
  return {
    groupOf: (address) => {
      if (!hosts.isInternet(address)) return insideOf.groupOf(address);
      const text = hosts.field("name", address);
      return text !== undefined && named.has(text) ? fieldGroup("name", text) : sideGroup("internet", none);
    },
    notes,
  };
}

/** The names of these hosts that carry the most bytes. */
function heaviest(addresses: readonly number[], list: HostList, hosts: Hosts): ReadonlySet<string> {
  const bytes = new Map<string, number>();
  for (const address of addresses) {
    const text = hosts.field("name", address);
    if (text !== undefined) bytes.set(text, (bytes.get(text) ?? 0) + (list.bytes[address] ?? 0));
  }
  const sorted = [...bytes].toSorted(([, a], [, b]) => b - a);
  return new Set(sorted.slice(0, MAX_INTERNET_GROUPS).map(([text]) => text));
}

function insideGroups(
  inside: readonly number[],
  table: Conversations,
  hosts: Hosts,
  groups: number,
  isSideNeeded: boolean,
): { groupOf: GroupOf; notes: readonly string[] } {
  const { values } = table;
  for (const field of ["name", "team", "subnet", "vpc"] as const) {
    const texts = new Set<string>();
    const rest: number[] = [];
    for (const address of inside) {
      const text = hosts.field(field, address);
      if (text === undefined) rest.push(address);
      else texts.add(text);
      if (texts.size > groups) break;
    }
    const versions = new Set(rest.map((address) => values.version(address))).size;
    if (texts.size === 0 || texts.size + versions > groups || rest.length * 2 > inside.length) continue;
    const others = networksOf(rest, table, groups - texts.size, [`${field}:*`], isSideNeeded);
    const what = field === "team" ? "group" : field;
    return {
      groupOf: (address) => {
        const text = hosts.field(field, address);
        return text === undefined ? others.groupOf(address) : fieldGroup(field, text);
      },
      notes: [`Inside hosts are grouped by ${what}.`, ...others.notes],
    };
  }
  return networksOf(inside, table, groups, [], isSideNeeded);
}

function networksOf(
  addresses: readonly number[],
  table: Conversations,
  groups: number,
  none: readonly string[],
  isSideNeeded: boolean,
): { groupOf: GroupOf; notes: readonly string[] } {
  const { values } = table;
  const prefixes = longestPrefixes(addresses, values, groups);
  const query = (network: Cidr, text: string): NodeQuery => {
    const isInside = !isSideNeeded && isPrivateNetwork(network);
    return { all: isInside ? [text] : [text, "inside"], none };
  };
  const versions = new Set(addresses.map((address) => values.version(address)));
  const lengths = [
    ...(versions.has(4) ? [`/${prefixes.v4}`] : []),
    ...(versions.has(6) ? [`/${prefixes.v6}`] : []),
  ];
  const isCoarse = (versions.has(4) && prefixes.v4 < 32) || (versions.has(6) && prefixes.v6 < 128);
  const which = none.length > 0 ? "The other inside hosts" : "Inside hosts";
  return {
    groupOf: (address) => networkGroup(address, values, prefixes, query),
    notes: isCoarse
      ? [
          `${which} are grouped by prefixes (${lengths.join(", ")}), the longest that give at most ${groups} groups.`,
        ]
      : [],
  };
}
