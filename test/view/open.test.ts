import { expect, test } from "vitest";
import { addressText } from "../../src/flow-log/cidr.js";
import { converse } from "../../src/view/converse.js";
import { groupHosts } from "../../src/view/group.js";
import { parseGrouping } from "../../src/view/grouping.js";
import { hostsOf } from "../../src/view/host-list.js";
import { Hosts, NO_NAMES, type NameLookup } from "../../src/view/hosts.js";
import { batchesOf, type Row } from "../edges/rows.js";
import { edge } from "./graphs.js";

/** The nodes as `id hosts`, those that were opened, and what was said. */
async function opened(rows: readonly Row[], group: string, open: string[], names: NameLookup = NO_NAMES) {
  const table = await converse(batchesOf(rows, 50));
  const list = hostsOf(table, new Uint8Array(table.size).fill(1));
  const grouping = parseGrouping(group) ?? { by: "auto" as const };
  const nodes = groupHosts(grouping, list, table, new Hosts(table, names), [], open);
  const all = Array.from({ length: nodes.size }, (_, node) => nodes.at(node));
  return {
    nodes: all.map(({ id, hosts }) => `${id} ${hosts}`),
    parts: all.filter(({ parent }) => parent !== undefined),
    opened: nodes.opened?.map(({ id }) => id),
    notes: nodes.notes,
  };
}

/** Of hosts that log themselves: their account, VPC and subnet are known. */
function logged(host: string, account: string, vpc: string, subnet: string): Row {
  return edge(`${host} > 10.9.0.1:443`, {
    account,
    interface: `eni-${host}`,
    further: { vpc_id: vpc, subnet_id: subnet, flow_direction: "egress" },
  });
}

test("an account opens into its VPCs, a VPC into its subnets, a subnet into its hosts", async () => {
  const rows = [
    logged("10.0.0.1", "111111111111", "vpc-a", "subnet-1"),
    logged("10.0.0.2", "111111111111", "vpc-a", "subnet-2"),
    logged("10.1.0.1", "111111111111", "vpc-b", "subnet-3"),
    logged("10.2.0.1", "222222222222", "vpc-c", "subnet-4"),
  ];
  const account = "account:111111111111";
  const vpc = `${account} vpc:vpc-a`;
  const subnet = `${vpc} subnet:subnet-1`;
  expect((await opened(rows, "account", [account])).nodes).toEqual([
    `${account} vpc:vpc-a 2`,
    `${account} vpc:vpc-b 1`,
    "inside 1",
    "account:222222222222 1",
  ]);
  const { nodes, parts, opened: which } = await opened(rows, "account", [account, vpc, subnet]);
  expect(nodes).toContain("10.0.0.1 1");
  expect(nodes).toContain(`${vpc} subnet:subnet-2 1`);
  expect(which).toEqual([account, vpc, subnet]);
  expect(parts.find(({ id }) => id === "10.0.0.1")?.parent).toBe(subnet);
});

const crowd = Array.from({ length: 200 }, (_, host) => edge(`10.0.0.${host} > 10.1.0.1:443`));

test("a network of many hosts opens into networks, and these into theirs", async () => {
  const once = await opened(crowd, "24", ["10.0.0.0/24"]);
  expect(once.parts.map(({ id, hosts }) => `${id} ${hosts}`)).toEqual(
    Array.from({ length: 13 }, (_, network) => `10.0.0.${16 * network}/28 ${network < 12 ? 16 : 8}`),
  );
  const twice = await opened(crowd, "24", ["10.0.0.0/24", "10.0.0.192/28"]);
  expect(twice.parts.filter(({ kind }) => kind === "host")).toHaveLength(8);
});

test("there are never more boxes than a map can have; what isn't opened is said", async () => {
  const networks = Array.from({ length: 13 }, (_, network) => `10.0.0.${16 * network}/28`);
  const { nodes, notes } = await opened(crowd, "24", ["10.0.0.0/24", ...networks]);
  expect(nodes.length).toBeLessThanOrEqual(60);
  expect(notes).toContain("There is no room to open 10.0.0.192/28: close another first.");
});

test("of the Internet names are parts, what has none by networks; what isn't there isn't opened", async () => {
  const rows = Array.from({ length: 40 }, (_, host) => edge(`203.0.113.${host} > 10.0.0.1:443`));
  const names: NameLookup = {
    find(address) {
      const last = Number(addressText(address).split(".")[3]);
      return addressText(address).startsWith("203") && last < 4
        ? { text: `AS${last}`, source: "mmdb" }
        : undefined;
    },
  };
  const { parts, notes } = await opened(rows, "vpc", ["internet", "vpc:gone"], names);
  expect(parts.slice(0, 4).map(({ id }) => id)).toEqual([0, 1, 2, 3].map((as) => `internet name:AS${as}`));
  expect(parts.length).toBeGreaterThan(6);
  expect(parts.at(-1)?.query).toEqual({
    all: [expect.stringMatching(/^203\.0\.113\.\d+\/\d+$/), "internet"],
    none: ["vpc:*", "name:*"],
  });
  expect(notes.filter((note) => note.includes("open"))).toEqual([]);
});
