import { describe, expect, test } from "vitest";
import { converse } from "../../src/view/converse.js";
import { groupHosts } from "../../src/view/group.js";
import { GROUP_VALUES, parseGrouping, type Grouping } from "../../src/view/grouping.js";
import { hostsOf } from "../../src/view/host-list.js";
import { Hosts, NO_NAMES, type NameLookup } from "../../src/view/hosts.js";
import type { Conversations } from "../../src/view/conversations.js";
import { addressText } from "../../src/flow-log/cidr.js";
import { batchesOf, type Row } from "../edges/rows.js";
import { edge } from "./graphs.js";
import { sampleEdges } from "./sample.js";

function nodesOf(
  table: Conversations,
  grouping: Grouping,
  names: NameLookup = NO_NAMES,
  single: number[] = [],
) {
  const nodes = groupHosts(
    grouping,
    hostsOf(table, new Uint8Array(table.size).fill(1)),
    table,
    new Hosts(table, names),
    single,
  );
  return { notes: nodes.notes, nodes: Array.from({ length: nodes.size }, (_, node) => nodes.at(node)) };
}

async function groupsOf(rows: readonly Row[], group: string, names: NameLookup = NO_NAMES) {
  const grouping = parseGrouping(group);
  if (grouping === undefined) throw new Error(`no grouping: ${group}`);
  const { nodes } = nodesOf(await converse(batchesOf(rows, 50)), grouping, names);
  return nodes.map(({ id, hosts }) => `${id} ${hosts}`);
}

/** Scattered over private networks, with some of IPv6 and of the Internet. */
function scattered(hosts: number): Row[] {
  return Array.from({ length: hosts }, (_, i) => {
    const n = Math.imul(i + 1, 0x9e3779b1) >>> 0;
    const address =
      i % 10 === 0
        ? `fd00:${(n >>> 16).toString(16)}::${(n & 0xffff).toString(16)}`
        : i % 10 === 1
          ? `${11 + (n % 100)}.${(n >>> 8) & 255}.${(n >>> 16) & 255}.1`
          : `10.${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}`;
    return { ...edge(`10.0.0.1 > 10.0.0.2:443`), source: address };
  });
}

describe("auto", () => {
  test("gives at most 15 groups of the sample, and says what was coarsened", async () => {
    const { nodes, notes } = nodesOf(await converse(sampleEdges()), { by: "auto" });
    expect(nodes.length).toBeLessThanOrEqual(15);
    expect(nodes.length).toBeGreaterThan(5);
    expect(nodes.reduce((sum, { hosts }) => sum + hosts, 0)).toBe(35);
    expect(notes).not.toEqual([]);
  });

  test("gives at most 15 groups of 2,216 scattered hosts", async () => {
    const table = await converse(batchesOf(scattered(2216), 100));
    const { nodes } = nodesOf(table, { by: "auto" });
    expect(nodes.length).toBeLessThanOrEqual(15);
    expect(nodes.length).toBeGreaterThan(8);
    expect(nodes.filter(({ id }) => id.includes("::") || id.startsWith("fd")).length).toBeGreaterThan(0);
  });

  test("shows flagged hosts beside their groups", async () => {
    const table = await converse(batchesOf(scattered(2216), 100));
    const single = [...table.client.subarray(2, 5)];
    const { nodes } = nodesOf(table, { by: "auto" }, NO_NAMES, single);
    expect(nodes.length).toBeLessThanOrEqual(15);
    expect(nodes.filter(({ kind }) => kind === "host").length).toBe(3);
  });

  test("groups by name where most are named, and the Internet by its heaviest names", async () => {
    const names: NameLookup = {
      find(address) {
        const text = addressText(address);
        if (text.startsWith("10.0.0.")) return { text: "web", source: "csv" };
        return text.startsWith("203.") ? { text: "AS64500", source: "mmdb" } : undefined;
      },
    };
    const rows = [
      edge("10.0.0.1 > 10.0.0.2:443"),
      edge("10.0.0.1 > 10.0.1.2:443"),
      edge("10.0.0.1 > 203.0.113.1:443"),
      edge("10.0.0.1 > 198.51.100.1:443"),
    ];
    expect(await groupsOf(rows, "auto", names)).toEqual([
      "name:web 2",
      "10.0.1.0/24 1",
      "name:AS64500 1",
      "internet 1",
    ]);
  });
});

describe("a grouping", () => {
  const rows = [
    edge("10.0.0.1 > 10.0.0.2:443", {
      interface: "eni-1",
      further: { vpc_id: "vpc-1", flow_direction: "egress" },
    }),
    edge("10.0.9.1 > 10.0.0.2:443", {
      interface: "eni-2",
      further: { vpc_id: "vpc-1", flow_direction: "egress" },
    }),
    edge("203.0.113.1 > 10.0.0.3:443", { interface: "eni-3", further: { flow_direction: "egress" } }),
  ];
  test.each([
    ["host", ["10.0.0.1 1", "10.0.0.2 1", "10.0.9.1 1", "203.0.113.1 1", "10.0.0.3 1"]],
    ["24", ["10.0.0.0/24 3", "10.0.9.0/24 1", "203.0.113.0/24 1"]],
    ["/8,/32", ["10.0.0.0/8 4", "203.0.0.0/8 1"]],
    ["vpc", ["vpc:vpc-1 2", "inside 3"]],
    ["interface", ["interface:eni-1 1", "inside 2", "interface:eni-2 1", "interface:eni-3 1"]],
  ])("by %s", async (group, expected) => {
    expect(await groupsOf(rows, group)).toEqual(expected);
  });

  test("is each of those that are named", () => {
    for (const group of GROUP_VALUES.slice(0, -1)) expect(parseGrouping(group)).toEqual({ by: group });
    expect(parseGrouping("24")).toEqual({ by: "prefix", prefixes: { v4: 24, v6: 64 } });
  });

  test.each(["", "33", "24,129", "24,", "az", "/", "24,64,1"])("%j is none", (group) => {
    expect(parseGrouping(group)).toBeUndefined();
  });
});
