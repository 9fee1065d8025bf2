import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NONE } from "../../src/edges/table.js";
import { addressText } from "../../src/flow-log/cidr.js";
import { converse, converseAndStore } from "../../src/view/converse.js";
import { parseEnd } from "../../src/view/ends.js";
import { parseGrouping } from "../../src/view/grouping.js";
import { NO_NAMES, type NameLookup } from "../../src/view/hosts.js";
import { MEASURES } from "../../src/view/measure.js";
import type { LinkList, View, ViewInput, ViewRequest } from "../../src/view/view.js";
import { viewOf } from "../../src/view/view.js";
import { parseWhere } from "../../src/view/where.js";
import { batchesOf, type Row } from "../edges/rows.js";
import { edge, graphRows } from "./graphs.js";
import { sampleEdges } from "./sample.js";

const WINDOW = { start: "2024-06-01T00:00:00Z", stop: "2024-06-01T01:00:00Z" };

/** Two hosts have names, one of them on the Internet. */
const names: NameLookup = {
  find(address) {
    const text = addressText(address);
    if (text === "10.0.0.1") return { text: "web, old", group: "web", source: "csv" };
    return text === "203.0.113.7" ? { text: "AS64500", source: "mmdb" } : undefined;
  },
};

function requestOf(
  values: Partial<{
    where: string;
    group: string;
    open: string[];
    around: string;
    hops: 1 | 2;
    top: number;
    offset: number;
    by: ViewRequest["by"];
  }>,
): ViewRequest {
  const { where = "", group = "host", open, around, hops = 1, top, offset, by = "bytes" } = values;
  const center = around === undefined ? undefined : parseEnd(around);
  return {
    where: parseWhere(where),
    whereText: where,
    grouping: parseGrouping(group) ?? { by: "host" },
    open,
    around: center && [center],
    hops,
    top,
    offset,
    by,
  };
}

function inputOf(values: Pick<ViewInput, "graph"> & Partial<ViewInput>): ViewInput {
  return { window: WINDOW, names, incomplete: false, ...values };
}

function linksOf(list: LinkList) {
  return Array.from({ length: list.size }, (_, link) => list.at(link));
}

function sumOf(list: LinkList): { bytes: bigint; packets: bigint; rows: number } {
  const sum = { bytes: 0n, packets: 0n, rows: 0 };
  for (const { client, server, rows } of linksOf(list)) {
    sum.bytes += client.bytes + server.bytes;
    sum.packets += client.packets + server.packets;
    sum.rows += rows;
  }
  return sum;
}

/** What is shown, folded and filtered out. */
function wholeOf(view: View): { bytes: bigint; packets: bigint; rows: number } {
  const [links, other] = [sumOf(view.links), sumOf(view.other)];
  const { filtered, folded } = view.left;
  expect({ bytes: folded.bytes, packets: folded.packets, rows: folded.rows }).toEqual(other);
  return {
    bytes: links.bytes + other.bytes + filtered.bytes,
    packets: links.packets + other.packets + filtered.packets,
    rows: links.rows + other.rows + filtered.rows,
  };
}

const openable = fc.constantFrom(
  "internet",
  "inside",
  "10.0.0.0/8",
  "10.0.0.0/24",
  "account:111111111111",
  "account:111111111111 vpc:vpc-1",
  "vpc:vpc-1",
  "name:web, old",
);
const request = fc.record(
  {
    where: fc.constantFrom(
      "",
      "port:22",
      "-from:internet",
      "host:10.0.0.0/16 bytes:>4",
      "is:flagged",
      "vpc:vpc-1",
    ),
    group: fc.constantFrom("auto", "host", "name", "vpc", "subnet", "account", "interface", "24", "8,16"),
    open: fc.array(openable, { maxLength: 3 }),
    around: fc.constantFrom("10.0.0.1", "internet", "web, old", "2001:db8::/32"),
    hops: fc.constantFrom(1, 2),
    top: fc.integer({ min: 1, max: 8 }),
    offset: fc.nat({ max: 4 }),
    by: fc.constantFrom(...MEASURES),
  },
  { requiredKeys: [] },
);
const flagged = fc.array(fc.array(fc.nat({ max: 9 }), { maxLength: 4 }), { maxLength: 3 });

function findingsOf(rows: readonly (readonly number[])[], size: number) {
  return rows.map((each, index) => ({ id: `f${index}`, rows: each.filter((row) => row < size) }));
}

describe("any view of any graph", () => {
  test("adds up to the graph with what it leaves out, whatever is asked for", async () => {
    await fc.assert(
      fc.asyncProperty(
        graphRows,
        request,
        flagged,
        fc.boolean(),
        fc.option(graphRows),
        async (rows, values, flagged, isStored, others) => {
          const graph = isStored
            ? await converseAndStore(batchesOf(rows, 7))
            : await converse(batchesOf(rows, 7));
          const conversations = "rows" in graph ? graph.conversations : graph;
          const against = others && { window: WINDOW, table: await converse(batchesOf(others, 7)) };
          const view = viewOf(
            inputOf({
              graph,
              against: against ?? undefined,
              findings: findingsOf(flagged, conversations.size),
              flaggedHosts: [...conversations.client.subarray(0, 2)],
            }),
            requestOf(values),
          );
          const { bytes, packets } = view.graph;
          const counted = "rows" in graph ? graph.rows : graph;
          const gone = isStored || against === null ? 0 : goneOf(view);
          expect(wholeOf(view)).toMatchObject({ bytes, packets });
          expect(bytes).toBe(counted.counted.bytes);
          expect(wholeOf(view).rows).toBeGreaterThanOrEqual(counted.size + gone);
          if (values.top !== undefined && flagged.flat().length === 0) {
            expect(view.links.size).toBeLessThanOrEqual(values.top);
          }
          if (values.group === "auto" && !values.open?.length)
            expect(view.nodes.size).toBeLessThanOrEqual(15);
        },
      ),
      { numRuns: 400 },
    );
  });

  test("has links whose filter shows what is in them", async () => {
    await fc.assert(
      fc.asyncProperty(
        graphRows,
        request,
        flagged,
        async (rows, { where = "", group = "auto", open = [] }, flagged) => {
          const graph = await converse(batchesOf(rows, 7));
          const input = inputOf({
            graph,
            findings: findingsOf(flagged, graph.size),
            flaggedHosts: [...graph.client.subarray(0, 2)],
          });
          const view = viewOf(input, requestOf({ where, group, open }));
          for (const link of linksOf(view.links)) {
            const shown = viewOf(input, requestOf({ where: link.where, group: "host" }));
            expect([link.where, sumOf(shown.links)]).toEqual([
              link.where,
              {
                bytes: link.client.bytes + link.server.bytes,
                packets: link.client.packets + link.server.packets,
                rows: link.rows,
              },
            ]);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

function goneOf(view: View): number {
  return linksOf(view.links).reduce((sum, { statuses }) => sum + (statuses?.[2] ?? 0), 0);
}

describe("top", () => {
  const rows = [10n, 50n, 30n, 20n, 40n].map((bytes, i) =>
    edge(`10.0.${i}.1 > 203.0.113.7:443`, { bytes, packets: 9n - BigInt(i) }),
  );

  test("shows the heaviest, what is flagged always, and folds the rest into a link for each pair of groups", async () => {
    const graph = await converse(batchesOf(rows, 7));
    const view = viewOf(inputOf({ graph, findings: [{ id: "f", rows: [0] }] }), requestOf({ top: 3 }));
    expect(linksOf(view.links).map(({ client }) => client.bytes)).toEqual([50n, 40n, 10n]);
    expect(view.findings).toEqual([{ id: "f", links: [2] }]);
    expect(sumOf(view.other)).toEqual({ bytes: 50n, packets: 13n, rows: 2 });
    expect(view.left.folded.rows).toBe(2);
    const page = (offset: number) => {
      const { links } = viewOf(
        inputOf({ graph, findings: [{ id: "f", rows: [0] }] }),
        requestOf({ top: 2, offset }),
      );
      return linksOf(links).map(({ client }) => client.bytes);
    };
    expect([0, 2, 4, 6].map(page)).toEqual([[10n, 50n], [40n, 30n], [20n], []]);
    const byPackets = viewOf(inputOf({ graph }), requestOf({ top: 1, by: "packets" }));
    expect(linksOf(byPackets.links).map(({ client }) => client.bytes)).toEqual([10n]);
  });
});

describe("around", () => {
  const rows = [
    edge("10.0.0.1 > 10.0.0.2:443"),
    edge("10.0.0.2 > 10.0.0.3:443"),
    edge("10.0.0.3 > 10.0.0.4:443"),
    edge("10.0.0.5 > 10.0.0.4:443"),
  ];
  test.each([
    [1, 2],
    [2, 3],
  ] as const)("with %i hops", async (hops, expected) => {
    const graph = await converse(batchesOf(rows, 7));
    const view = viewOf(inputOf({ graph, names: NO_NAMES }), requestOf({ around: "10.0.0.2", hops }));
    expect(view.links.size).toBe(expected);
    expect(view.left.filtered.rows).toBe(4 - expected);
  });
});

describe("against another window", () => {
  test("each conversation is new, gone, changed or same, and what is gone carries nothing", async () => {
    const now = [
      edge("10.0.0.1 > 10.0.0.2:443", { bytes: 100n }),
      edge("10.0.0.1 > 10.0.0.2:22", { bytes: 100n }),
      edge("10.0.0.1 > 10.0.0.2:80", { bytes: 301n }),
    ];
    const then = [
      edge("10.0.0.9 > 10.0.0.2:443", { bytes: 7n }),
      edge("10.0.0.1 > 10.0.0.2:443", { bytes: 300n }),
      edge("10.0.0.1 > 10.0.0.2:80", { bytes: 100n }),
    ];
    const against = { window: WINDOW, table: await converse(batchesOf(then, 7)) };
    const graph = await converse(batchesOf(now, 7));
    const view = viewOf(inputOf({ graph, against }), requestOf({}));
    const links = linksOf(view.links).map(({ statuses, before, client }) => [
      statuses?.indexOf(1),
      before,
      client.bytes,
    ]);
    expect(links).toEqual([
      [4, 300n, 100n],
      [1, 0n, 100n],
      [3, 100n, 301n],
      [2, 7n, 0n],
    ]);
    const gone = viewOf(inputOf({ graph, against }), requestOf({ where: "is:gone" }));
    expect(linksOf(gone.links).map(({ from, where }) => [gone.nodes.at(from).id, where])).toEqual([
      ["10.0.0.9", "is:gone from:10.0.0.9 to:10.0.0.2 protocol:tcp port:443"],
    ]);
    expect(view.graph.conversations).toBe(3);
  });
});

test("what a DOT can't tell is named, and is no number", async () => {
  const view = viewOf(inputOf({ graph: await converse(sampleEdges()) }), requestOf({ group: "auto" }));
  expect(view.graph.unknown).toContain("first");
  const [link] = linksOf(view.links);
  expect([link?.first, link?.last, link?.active, link?.flows, view.graph.flows]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(view.nodes.nodeOf.some((node) => node !== NONE)).toBe(true);
});

test("a graph without edges has a view", async () => {
  const rows: Row[] = [];
  const view = viewOf(
    inputOf({ graph: await converse(batchesOf(rows, 1)) }),
    requestOf({ group: "auto", top: 3 }),
  );
  expect([view.links.size, view.other.size, view.graph.bytes]).toEqual([0, 0, 0n]);
});
