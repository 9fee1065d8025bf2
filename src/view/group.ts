import { NONE } from "../edges/table.js";
import type { Conversations } from "./conversations.js";
import {
  fieldGroup,
  hostGroup,
  networkGroups,
  networksOf,
  ofNetwork,
  sideGroup,
  type GroupOf,
} from "./group-kinds.js";
import type { Grouping } from "./grouping.js";
import type { HostList } from "./host-list.js";
import type { Hosts } from "./hosts.js";
import { isPrivate } from "./internet.js";
import { Groups, nothing } from "./groups.js";
import type { Nodes, ViewNode } from "./nodes.js";

/** So many groups can be taken in at once. */
const MAX_GROUPS = 15;
/** Of them, for names or networks of the Internet. */
const MAX_INTERNET_GROUPS = 4;
/** Of them, for hosts that are shown beside their groups. */
const MAX_SINGLE_HOSTS = 5;

/**
 * Puts hosts into groups.
 *
 * @param single hosts that are nodes of their own whatever the grouping: those that are flagged. The first few
 * @param open ids of nodes that are shown one level finer, one after the other; what isn't there isn't opened
 */
export function groupHosts(
  grouping: Grouping,
  list: HostList,
  table: Conversations,
  hosts: Hosts,
  single: readonly number[] = [],
  open: readonly string[] = [],
): Nodes {
  if (grouping.by === "host") return hostNodes(list, hosts);
  const out = new Set(single.filter((address) => address < list.bound).slice(0, MAX_SINGLE_HOSTS));
  const { groupOf, notes } = groupsOf(grouping, list, table, hosts, out);
  const groups = new Groups(list.bound, hosts);
  for (const address of list.addresses) if (!out.has(address)) groups.put(address, groupOf(address));
  for (const address of out) {
    if (!list.addresses.includes(address)) continue;
    groups.exclude(groupOf(address).id, address);
    groups.put(address, hostGroup(address, hosts));
  }
  const tooMany = open.filter((id) => !groups.open(id, list, table));
  return groups.nodes([
    ...notes,
    ...tooMany.map((id) => `There is no room to open ${id}: close another first.`),
  ]);
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
    case "prefix":
      return { groupOf: networkGroups(table.values, grouping.prefixes, ofNetwork), notes: [] };
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
