import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { REJECT } from "../../src/edges/table.js";
import { addressText } from "../../src/flow-log/cidr.js";
import { converse } from "../../src/view/converse.js";
import { filterOf } from "../../src/view/filter.js";
import { Hosts, NO_NAMES, type NameLookup } from "../../src/view/hosts.js";
import { marksOf } from "../../src/view/marks.js";
import { parseWhere } from "../../src/view/where.js";
import { quoted, termsOf } from "../../src/view/where-terms.js";
import { batchesOf } from "../edges/rows.js";
import { edge } from "./graphs.js";

const names: NameLookup = {
  find: ({ version, words }) =>
    addressText({ version, words }) === "10.0.0.9"
      ? { text: "Main DB, old", group: "data", source: "csv" }
      : undefined,
};

const table = await converse(
  batchesOf(
    [
      edge("10.0.0.1 > 10.0.0.9:3306", {
        bytes: 5_000_000n,
        further: { vpc_id: "vpc-a", instance_id: "i-1" },
      }),
      edge("203.0.113.5 > 10.0.0.1:22", { action: REJECT, interface: "eni-2", last: 1_717_207_000 }),
      edge("2001:db8::7 > fd00::1", { destinationPort: 443, server: 2 }),
      edge("10.0.0.1 > 198.51.100.1:53", { protocol: 17, first: 1_717_206_000, last: 1_717_206_300 }),
      edge("10.0.0.1 > 10.0.0.2", { protocol: 1, server: 0, account: "2" }),
      edge("10.0.0.2 > 203.0.113.5", { protocol: 1, server: 0 }),
    ],
    4,
  ),
);
const hosts = new Hosts(table, names);
const marks = marksOf(
  table.size,
  [
    { id: "f1", rows: [1] },
    { id: "f2", rows: [1, 3] },
  ],
  Uint8Array.of(1, 2, 3, 4, 4, 4),
);

function rowsOf(where: string): number[] {
  const test = filterOf(parseWhere(where), table, hosts, marks);
  return Array.from({ length: table.size }, (_, row) => row).filter(test);
}

describe("a filter finds", () => {
  test.each([
    ["", [0, 1, 2, 3, 4, 5]],
    ["host:10.0.0.9", [0]],
    ["cidr:10.0.0.8/30", [0]],
    ["cidr:2001:db8::/32", [2]],
    ["cidr:0.0.0.0/0", [0, 1, 3, 4, 5]],
    ["from:203.0.113.0/24", [1, 5]],
    ["from:internet", [1, 2, 5]],
    ["to:internet", [3, 5]],
    ["from:internet to:internet", []],
    ["from:inside to:inside", [0, 4]],
    ["-from:internet", [0, 3, 4, 5]],
    ["-host:internet", [0, 4]],
    ["from:10.0.0.2 to:10.0.0.2", []],
    ["to:10.0.0.1 from:10.0.0.2", [4]],
    ['to:"main db, OLD"', [0]],
    ["name:main*", [0]],
    ["to:team:data", [0]],
    ["port:20-23,443", [1, 2]],
    ["-port:22", [0, 2, 3, 4, 5]],
    ["service:ssh,dns", [1, 3]],
    ["service:DOMAIN", [3]],
    ["protocol:UDP", [3]],
    ["protocol:1", [4, 5]],
    ["action:reject", [1]],
    ["-action:accept", [1]],
    ["is:rejected", [1]],
    ["-is:served", [4, 5]],
    ["interface:eni-2", [0, 1, 3, 4]],
    ["bytes:>1MB", [0]],
    ["bytes:<=40", [1, 2, 3, 4, 5]],
    ["bytes:5000kB", [0]],
    ["flows:>1", []],
    ["is:flagged", [1, 3]],
    ["finding:f2", [1, 3]],
    ["finding:f2 -finding:f1", [3]],
    ["is:new,gone", [0, 1]],
    ["is:changed", [2]],
    ["after:2024-06-01T01:30:00Z", [1, 3]],
    ["before:2024-06-01T01:30:00Z", [0, 1, 2, 4, 5]],
    ["after:2024-06-01T03:30:00+02:00 before:2024-06-02", [1, 3]],
    ["host:10.0.0.1 port:22,53 -is:rejected", [3]],
  ])("%s", (where, expected) => {
    expect(rowsOf(where)).toEqual(expected);
  });

  test("what an interface of a VPC, an instance or an account has to do with", () => {
    expect(rowsOf("account:2")).toContain(4);
    expect(rowsOf("vpc:vpc-A")).toContain(0);
    expect(rowsOf("instance:i-*")).toEqual(rowsOf("instance:i-1"));
    expect(rowsOf("vpc:vpc-z")).toEqual([]);
  });
});

describe("a filter that can't be understood is an error that names the term, its place and what is allowed", () => {
  test.each([
    ["port:22 prot:udp", "at character 9", "host:, from:, to:"],
    ["port:99999", "at character 1", "443 or 8000-8999"],
    ["port:0", "at character 1", "443 or 8000-8999"],
    ["port:9-8", "at character 1", "443 or 8000-8999"],
    ["port:22,", "at character 1", "a value after port:"],
    ["port:", "at character 1", "a value after port:"],
    ["host:10.0.0.300", "at character 1", "an address, a CIDR"],
    ["cidr:10.0.0.0/33", "at character 1", "10.0.0.0/8"],
    ["service:sssh", "at character 1", "ssh, https or dns"],
    ["protocol:256", "at character 1", "a number up to 255"],
    ["action:drop", "at character 1", "accept or reject"],
    ["bytes:>lots", "at character 1", ">1MB"],
    ["is:bad", "at character 1", "flagged, rejected"],
    ["after:noon", "at character 1", "2024-06-01T23:40:00Z"],
    ["after:2024-06-01,2024-06-02", "at character 1", "2024-06-01T23:40:00Z"],
    ["10.0.0.1", "at character 1", "a term such as"],
    ['name:"open', "at character 1", "a closing quote"],
    ['name:a"', "at character 1", "a closing quote"],
  ])("%s", (where, place, expected) => {
    expect(() => parseWhere(where)).toThrow(place);
    expect(() => parseWhere(where)).toThrow(expected);
  });

  test("as one that asks for what isn't there", () => {
    const without = marksOf(table.size, undefined, undefined);
    for (const where of ["is:new", "is:flagged", "finding:f1"]) {
      expect(() => filterOf(parseWhere(where), table, hosts, without)).toThrow("at character 1");
    }
  });
});

test("any value is read back as it was quoted", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (values) => {
      const [term, ...more] = termsOf(` -name:${values.map(quoted).join(",")} `);
      expect(more).toEqual([]);
      expect(term).toMatchObject({ isExcluded: true, field: "name", position: 2, values });
    }),
  );
});

test("a filter never fails but with its own error", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'host:port,-" 10.0/\\abn'.split("")) }), (where) => {
      try {
        parseWhere(where);
      } catch (error) {
        expect(error).toMatchObject({ name: "WhereError" });
      }
    }),
  );
});

test("where nobody knows names, the log's own are names", async () => {
  const own = await converse(
    batchesOf(
      [edge("10.0.0.1 > 10.0.0.9:3306", { further: { instance_id: "i-1", flow_direction: "egress" } })],
      1,
    ),
  );
  const test = filterOf(
    parseWhere("from:i-1"),
    own,
    new Hosts(own, NO_NAMES),
    marksOf(1, undefined, undefined),
  );
  expect(test(0)).toBe(true);
});
