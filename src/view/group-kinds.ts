import { cidrText, networkOf, type Cidr } from "../flow-log/cidr.js";
import type { AddressValues } from "./address-values.js";
import type { Conversations } from "./conversations.js";
import type { HostField, Hosts } from "./hosts.js";
import { isPrivateNetwork } from "./internet.js";
import type { NodeQuery, ViewNode } from "./nodes.js";
import { longestPrefixes, type Prefixes } from "./prefixes.js";

/** A group before its hosts are counted. */
export type Group = Omit<ViewNode, "hosts" | "side" | "parent">;
/** The group that an address belongs to. */
export type GroupOf = (address: number) => Group;

export function hostGroup(address: number, hosts: Hosts): Group {
  const text = hosts.text(address);
  return {
    id: text,
    label: hosts.name(address)?.text ?? text,
    kind: "host",
    query: { all: [text], none: [] },
  };
}

export function fieldGroup(kind: HostField & Group["kind"], text: string): Group {
  const id = `${kind}:${text}`;
  return { id, label: text, kind, query: { all: [id], none: [] } };
}

/** All others on a side of the border. */
export function sideGroup(side: "internet" | "inside", none: readonly string[]): Group {
  const label = side === "internet" ? "Internet" : "inside";
  return {
    id: side,
    label: none.length > 0 && side === "inside" ? "other inside" : label,
    kind: side,
    query: { all: [side], none },
  };
}

/** Groups by networks of these prefixes, each made once. */
export function networkGroups(
  values: AddressValues,
  { v4, v6 }: Prefixes,
  query: (network: Cidr, text: string) => NodeQuery,
): GroupOf {
  const made = new Map<number, Group>();
  const groupOf = (network: Cidr): Group => {
    const text = cidrText(network);
    return { id: text, label: text, kind: "network", query: query(network, text) };
  };
  const mask = v4 === 0 ? 0 : -1 << (32 - v4);
  return (address) => {
    const version = values.version(address);
    if (version === 6) return groupOf(networkOf({ version, words: wordsOf(address, values), prefix: v6 }));
    const key = values.word(address, 3) & mask;
    let group = made.get(key);
    if (group === undefined) {
      group = groupOf(networkOf({ version, words: wordsOf(address, values), prefix: v4 }));
      made.set(key, group);
    }
    return group;
  };
}

function wordsOf(address: number, values: AddressValues): Uint32Array {
  return Uint32Array.from([0, 1, 2, 3], (index) => values.word(address, index));
}

export function ofNetwork(_: Cidr, text: string): NodeQuery {
  return { all: [text], none: [] };
}

/** Networks of the longest prefixes that give at most so many groups. */
export function networksOf(
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
    groupOf: networkGroups(values, prefixes, query),
    notes: isCoarse
      ? [
          `${which} are grouped by prefixes (${lengths.join(", ")}), the longest that give at most ${groups} groups.`,
        ]
      : [],
  };
}
