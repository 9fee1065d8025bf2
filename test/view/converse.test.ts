import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bigInt64At } from "../../src/edges/int64.js";
import { ACCEPT, NONE, REJECT, textOf } from "../../src/edges/table.js";
import {
  CLIENT_REJECTED,
  HAS_ACCEPTED,
  HAS_REJECTED,
  TRAFFIC_KINDS,
  type Conversations,
} from "../../src/view/conversations.js";
import { converse, converseAndStore } from "../../src/view/converse.js";
import { batchesOf, type Row } from "../edges/rows.js";
import { edge, graphRows } from "./graphs.js";
import { sampleEdges } from "./sample.js";

/** The ends and the service of a conversation, as text. */
function endsOf(table: Conversations, row: number): string {
  const { addresses } = table.names;
  const client = textOf(addresses, table.client[row] ?? NONE);
  const server = textOf(addresses, table.server[row] ?? NONE);
  const arrow = table.served[row] === 1 ? "->" : "--";
  return `${client} ${arrow} ${server} ${table.protocol[row]}/${table.port[row]}`;
}

function bytesOf(table: Conversations, row: number): bigint[] {
  return TRAFFIC_KINDS.map((kind) => bigInt64At(table.traffic[kind].bytes, row));
}

async function conversationsOf(rows: readonly Row[]): Promise<Conversations> {
  return converse(batchesOf(rows, 3));
}

describe("the sample", () => {
  test("has 161 conversations, of which 28 were logged twice: 56 edges aren't counted", async () => {
    const table = await converse(sampleEdges());
    // 148 that somebody serves, and 13 pairs of hosts that ping.
    expect(table.size).toBe(161);
    expect(table.served.reduce((sum, served) => sum + served, 0)).toBe(148);
    expect([table.loggedTwice, table.edgesLoggedTwice]).toEqual([28, 56]);
    expect(table.edges.reduce((sum, edges) => sum + edges, 0)).toBe(290);
    expect(table.unknown).toContain("server");
  });

  test("is 290 rows as it is stored, whose sums are the graph's", async () => {
    const { rows, conversations, conversationOf } = await converseAndStore(sampleEdges());
    expect([rows.size, conversations.size]).toEqual([290, 161]);
    expect(rows.counted).toEqual(rows.stored);
    expect(rows.loggedTwice).toBe(0);
    for (const [row, conversation] of conversationOf.entries()) {
      expect(endsOf(rows, row)).toBe(endsOf(conversations, conversation));
    }
  });
});

describe("a conversation", () => {
  test("is what both ends sent, accepted and rejected apart", async () => {
    const table = await conversationsOf([
      edge("10.0.0.1 > 10.0.0.2:443", {
        bytes: 10n,
        tcpFlags: 2,
        serverBy: 2,
        first: 20,
        last: 40,
        active: 1n,
      }),
      edge("10.0.0.2:443 > 10.0.0.1", {
        bytes: 100n,
        tcpFlags: 18,
        serverBy: 1,
        first: 10,
        last: 30,
        active: 4n,
      }),
      edge("10.0.0.1 > 10.0.0.2:443", { bytes: 1n, action: REJECT, tcpFlags: NONE, last: 50, first: 30 }),
    ]);
    expect(table.size).toBe(1);
    expect(endsOf(table, 0)).toBe("10.0.0.1 -> 10.0.0.2 6/443");
    expect(bytesOf(table, 0)).toEqual([10n, 1n, 100n, 0n]);
    const has = table.has[0] ?? 0;
    expect(has & HAS_ACCEPTED).toBe(HAS_ACCEPTED);
    expect(has & HAS_REJECTED).toBe(1 << CLIENT_REJECTED);
    expect([table.clientFlags?.[0], table.serverFlags?.[0]]).toEqual([2, 18]);
    expect([table.first?.[0], table.last?.[0], table.serverBy[0]]).toEqual([10, 50, 1]);
    expect(table.active && bigInt64At(table.active, 0)).toBe(5n);
  });

  test("that several interfaces logged is what the one that saw the most of it saw, each way apart", async () => {
    const table = await conversationsOf([
      edge("10.0.0.1 > 10.0.0.2:443", { interface: "eni-a", bytes: 10n }),
      edge("10.0.0.1 > 10.0.0.2:443", { interface: "eni-b", bytes: 12n }),
      edge("10.0.0.2:443 > 10.0.0.1", { interface: "eni-b", bytes: 5n }),
      edge("10.0.0.2:443 > 10.0.0.1", { interface: "eni-a", bytes: 3n }),
      edge("10.0.0.2:443 > 10.0.0.1", { interface: "eni-a", bytes: 4n }),
      edge("10.0.0.3 > 10.0.0.2:443", { interface: "eni-b", bytes: 1n }),
    ]);
    expect(bytesOf(table, 0)).toEqual([12n, 0n, 7n, 0n]);
    expect([table.size, table.loggedTwice]).toEqual([2, 1]);
    const eniOf = (logger: number) => textOf(table.names.interfaces, table.loggers.interface[logger] ?? NONE);
    expect([...table.loggedBy.subarray(0, 2)].map(eniOf).toSorted()).toEqual(["eni-a", "eni-b"]);
    expect([...table.loggedFrom]).toEqual([0, 2, 3]);
    expect(table.stored.bytes).toBe(35n);
    expect(table.counted.bytes).toBe(20n);
  });

  test("that nobody serves has its ends in the order of their addresses", async () => {
    const icmp = { protocol: 1, server: 0, serverBy: 0 };
    const table = await conversationsOf([
      edge("10.0.0.10 > 10.0.0.9", { ...icmp, bytes: 1n }),
      edge("10.0.0.9 > 10.0.0.10", { ...icmp, bytes: 2n }),
      edge("fe80::1 > 2001:db8::1", { ...icmp, protocol: 58, bytes: 4n }),
    ]);
    expect([endsOf(table, 0), endsOf(table, 1)]).toEqual([
      "10.0.0.9 -- 10.0.0.10 1/0",
      "2001:db8::1 -- fe80::1 58/0",
    ]);
    expect(bytesOf(table, 0)).toEqual([2n, 0n, 1n, 0n]);
  });

  test("of a DOT is told by the port that isn't 0", async () => {
    const rows = [
      edge("10.0.0.1 > 10.0.0.2:443"),
      edge("10.0.0.2:443 > 10.0.0.1"),
      edge("10.0.0.1:5000 > 10.0.0.2:443"),
      edge("10.0.0.1 > 10.0.0.2"),
    ];
    const table = await converse(batchesOf(rows, 2, []));
    expect([0, 1].map((row) => endsOf(table, row))).toEqual([
      "10.0.0.1 -> 10.0.0.2 6/443",
      "10.0.0.1 -- 10.0.0.2 6/0",
    ]);
    expect(table.size).toBe(2);
    expect(table.unknown).toEqual(expect.arrayContaining(["server", "flows", "tcpFlags", "first", "vpc_id"]));
    expect([table.clientFlags, table.first, table.traffic[0].flows]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("an interface", () => {
  test("has the address that all of its edges have in common, and what they agree on", async () => {
    const { loggers, names } = await conversationsOf([
      edge("10.0.0.1 > 10.0.0.2:443", { interface: "a", further: { vpc_id: "vpc-1", subnet_id: "s-1" } }),
      edge("10.0.0.3 > 10.0.0.2:443", { interface: "a", further: { vpc_id: "vpc-1", subnet_id: "s-2" } }),
      edge("203.0.113.9 > 10.0.0.4:80", { interface: "b" }),
      edge("203.0.113.9 > 198.51.100.1:80", { interface: "c", further: { flow_direction: "ingress" } }),
      edge("203.0.113.9 > 198.51.100.2:80", { interface: "d" }),
      edge("2001:db8:1::5 > 2001:db8:2::1", { interface: "a", destinationPort: 443, server: 2 }),
      edge("2001:db8:1::6 > 2001:db8:2::1", { interface: "a", destinationPort: 443, server: 2 }),
    ]);
    const addresses = [...loggers.addresses].map(
      (number) => number !== NONE && textOf(names.addresses, number),
    );
    const each = [0, 1, 2, 3].map((logger) => addresses.slice(2 * logger, 2 * logger + 2));
    expect(each).toEqual([
      ["10.0.0.2", "2001:db8:2::1"],
      ["10.0.0.4", false],
      ["198.51.100.1", false],
      [false, false],
    ]);
    expect(loggers.fields.vpc_id?.[0]).toBeGreaterThan(NONE);
    expect(loggers.fields.subnet_id?.[0]).toBe(NONE);
  });
});

test("any graph is counted whole: each row and kind is what one interface saw, and the most of it", async () => {
  await fc.assert(
    fc.asyncProperty(graphRows, async (rows) => {
      const most = new Map<string, Map<string, bigint>>();
      for (const row of rows) {
        const isFromServer = row.server === 1 || (row.server === 0 && row.source > row.destination);
        const ends = isFromServer ? [row.destination, row.source] : [row.source, row.destination];
        const port = row.server === 0 ? 0 : isFromServer ? row.sourcePort : row.destinationPort;
        const kind = `${ends.join()} ${row.server === 0} ${row.protocol} ${port} ${isFromServer} ${row.action === REJECT}`;
        const seen = most.get(kind) ?? new Map<string, bigint>();
        const logger = `${row.account} ${row.interface}`;
        seen.set(logger, (seen.get(logger) ?? 0n) + row.bytes);
        most.set(kind, seen);
      }
      const expected = [...most.values()]
        .map((seen) => [...seen.values()].reduce((a, b) => (a > b ? a : b)))
        .reduce((a, b) => a + b, 0n);
      const table = await conversationsOf(rows);
      expect(table.counted.bytes).toBe(expected);
      expect(table.stored.bytes).toBe(rows.reduce((sum, row) => sum + row.bytes, 0n));
    }),
  );
});

test("sums beyond 63 bits are an error", async () => {
  const most = edge("10.0.0.1 > 10.0.0.2:443", { bytes: 2n ** 63n - 1n, action: ACCEPT });
  await expect(conversationsOf([most, most])).rejects.toThrow("2^63-1");
});
