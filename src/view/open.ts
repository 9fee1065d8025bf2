import type { Conversations } from "./conversations.js";
import { fieldGroup, hostGroup, networkGroups, type Group, type GroupOf } from "./group-kinds.js";
import type { HostField, Hosts } from "./hosts.js";
import type { ViewNode } from "./nodes.js";
import { longestPrefixes } from "./prefixes.js";

/** A group that is opened has at most so many parts. */
const MAX_PARTS = 15;

const ANY = { v4: 32, v6: 128 };

/** What a group of a kind consists of, the coarsest first. Where none of it is known, of networks, and these of hosts. */
const PARTS: Readonly<Partial<Record<ViewNode["kind"], readonly (HostField & Group["kind"])[]>>> = {
  account: ["vpc", "subnet"],
  vpc: ["subnet"],
  team: ["name"],
  internet: ["name"],
};

/**
 * The parts of a group, one level finer: an account's VPCs, their subnets, the hosts of these; networks where there are too
 * many hosts. Undefined: it has none, or there is no room for them.
 *
 * @param addresses its hosts
 * @param room for so many parts
 */
export function partsOf(
  group: Omit<ViewNode, "hosts">,
  addresses: readonly number[],
  table: Conversations,
  hosts: Hosts,
  room: number,
): GroupOf | undefined {
  const most = Math.min(room, MAX_PARTS);
  if (group.kind === "host" || addresses.length === 0 || most < Math.min(2, addresses.length))
    return undefined;
  const within = (part: Group): Group => withinGroup(part, group);
  for (const field of PARTS[group.kind] ?? []) {
    const parts = fieldParts(field, addresses, table, hosts, most);
    if (parts !== undefined) return (address) => within(parts(address));
  }
  if (addresses.length <= most) return (address) => within(hostGroup(address, hosts));
  const networks = networkParts(addresses, table, hosts, most, []);
  return networks && ((address) => within(networks(address)));
}

/** Undefined where nothing is known of them, all is the same, or there are too many. */
function fieldParts(
  field: HostField & Group["kind"],
  addresses: readonly number[],
  table: Conversations,
  hosts: Hosts,
  most: number,
): GroupOf | undefined {
  const texts = new Set<string>();
  const rest: number[] = [];
  for (const address of addresses) {
    const text = hosts.field(field, address);
    if (text === undefined) rest.push(address);
    else texts.add(text);
  }
  const isOne = texts.size + (rest.length > 0 ? 1 : 0) < 2;
  if (texts.size === 0 || isOne || texts.size + versionsOf(rest, table) > most) return undefined;
  const others =
    rest.length === 0 ? undefined : networkParts(rest, table, hosts, most - texts.size, [`${field}:*`]);
  return (address) => {
    const text = hosts.field(field, address);
    if (text !== undefined) return fieldGroup(field, text);
    return others?.(address) ?? hostGroup(address, hosts);
  };
}

/** The longest prefixes that give so few networks; a network of one host is that host. */
function networkParts(
  addresses: readonly number[],
  table: Conversations,
  hosts: Hosts,
  most: number,
  none: readonly string[],
): GroupOf | undefined {
  const { values } = table;
  if (most < versionsOf(addresses, table)) return undefined;
  const prefixes = longestPrefixes(addresses, values, most, ANY);
  const groupOf = networkGroups(values, prefixes, (_, text) => ({ all: [text], none }));
  const counts = new Map<string, number>();
  for (const address of addresses) {
    const { id } = groupOf(address);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return (address) => {
    const group = groupOf(address);
    return counts.get(group.id) === 1 ? hostGroup(address, hosts) : group;
  };
}

function versionsOf(addresses: readonly number[], { values }: Conversations): number {
  return new Set(addresses.map((address) => values.version(address))).size;
}

/** The same network may be part of several groups, a host is of one. */
function withinGroup(part: Group, group: Omit<ViewNode, "hosts">): Group {
  // What is written around them all isn't written in each again.
  if (part.kind === "host") return part.label === group.label ? { ...part, label: part.id } : part;
  const isNetwork = part.kind === "network" && group.kind === "network";
  // Of a network and one within it, the narrower says it all.
  const all = isNetwork ? group.query.all.filter((value) => value !== group.label) : group.query.all;
  const query = { all: [...part.query.all, ...all], none: [...group.query.none, ...part.query.none] };
  return { ...part, id: isNetwork ? part.id : `${group.id} ${part.id}`, query };
}
