import { readdirSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NOT_REJECTED, REJECT } from "../../src/edges/table.js";
import { CorruptInputError } from "../../src/errors.js";
import { dotToEdges, type DotFacts } from "../../src/graph/dot-to-edges.js";
import { allRowsOf, batchesOf, rows, type Row } from "../edges/rows.js";
import { dotOf } from "./digests.js";
import { dotOfEdges } from "./dot-of-edges.js";
import { lineOfRow as lineOf } from "./line-of-row.js";
import { countTurns } from "../support/count-turns.js";

async function* chunksOf(dot: string, size = dot.length): AsyncGenerator<Buffer> {
  for (let at = 0; at < dot.length; at += size) yield Buffer.from(dot.slice(at, at + size), "latin1");
}

function edgesOf(dot: string, size?: number, facts: DotFacts = { mayMergeAddresses: false }) {
  return dotToEdges(facts)(chunksOf(dot, size));
}

/** What a DOT keeps of a row. */
function keptOf(row: Row): Row {
  return {
    ...row,
    server: undefined,
    serverBy: undefined,
    action: row.action === REJECT ? REJECT : NOT_REJECTED,
    flows: undefined,
    tcpFlags: undefined,
    first: undefined,
    last: undefined,
    active: undefined,
    further: {},
  };
}

/** The DOT as the Go service wrote it: ids for addresses, no escapes, and no line feed at the end. */
function asGoWroteIt(dot: string): string {
  return dot
    .replaceAll(
      /"([0-9a-fA-F:.]+)"(?= ->| \[)/g,
      (_, address: string) => `n${address.replaceAll(/[.:]/g, "")}`,
    )
    .replaceAll("\\\\", "\\")
    .trimEnd();
}

function graph(...lines: string[]): string {
  return ["digraph {", ...lines, "}", ""].join("\n");
}

const size = fc.integer({ min: 1, max: 500 });

describe("edges to DOT", () => {
  test("of more interfaces than are kept as text", async () => {
    const [row] = fc.sample(rows, { numRuns: 20, seed: 3 }).flat();
    if (row === undefined) throw new Error("no sample");
    const many = Array.from({ length: 60_000 }, (_, i) => ({
      ...row,
      account: `account-${i % 7}`,
      // Each comes again, under another account and the same one.
      interface: `eni-${String(i % 25_000).padStart(200, "0")}`,
    }));
    expect(await dotOfEdges(batchesOf(many, 4096))).toBe(await dotOf(many.map(lineOf)));
  });

  test("lets the event loop turn", async () => {
    const sample = fc.sample(rows, { numRuns: 1000, seed: 1 }).flat();
    const turns = await countTurns(() => dotOfEdges(batchesOf(sample, sample.length)));
    expect(turns).toBeGreaterThanOrEqual(sample.length / 2048);
  });
});

describe("DOT to edges", () => {
  test("gives what the DOT keeps, wherever it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(rows, size, async (rows, size) => {
        const dot = await dotOfEdges(batchesOf(rows, 7));
        expect(await allRowsOf(edgesOf(dot, size))).toEqual(rows.map(keptOf));
      }),
    );
  });

  test("and back gives the same bytes", async () => {
    await fc.assert(
      fc.asyncProperty(rows, size, async (rows, size) => {
        const dot = await dotOf(rows.map(lineOf));
        expect(await dotOfEdges(edgesOf(dot, size))).toBe(dot);
      }),
    );
  });

  const fixtures = new URL("../fixtures/dot/", import.meta.url);
  test.for(readdirSync(fixtures).filter((name) => name.endsWith(".dot")))(
    "and back gives %s as it is",
    async (name) => {
      const dot = readFileSync(new URL(name, fixtures), "latin1");
      expect(await dotOfEdges(edgesOf(dot))).toBe(dot);
    },
  );

  test("of more than a batch", async () => {
    const few = fc.sample(rows, { numRuns: 500, seed: 2 }).flat();
    const sample = Array<typeof few>(5).fill(few).flat();
    const dot = await dotOfEdges(batchesOf(sample, 1000));
    expect(sample.length).toBeGreaterThan(10_000);
    expect(await dotOfEdges(edgesOf(dot, 65_536))).toBe(dot);
    expect(await allRowsOf(edgesOf(asGoWroteIt(dot), 65_536))).toHaveLength(sample.length);
  });
});

describe("DOT of the Go service", () => {
  const LINE =
    "2 123456789010 eni-abc123de 1.11.1.1 8.8.8.8 1000 53 17 1 100 1418530010 1418530070 ACCEPT OK\n";

  test("gives the same edges, where no two addresses have one id", async () => {
    // As the fixtures are, but for the collision.
    for (const name of ["01-default", "03-ipv6", "05-lowercase-reject", "22-duplicates", "11-empty"]) {
      const dot = readFileSync(new URL(`../fixtures/dot/${name}.dot`, import.meta.url), "latin1");
      const facts = { mayMergeAddresses: false };
      expect(await allRowsOf(edgesOf(asGoWroteIt(dot), 100, facts))).toEqual(await allRowsOf(edgesOf(dot)));
      // An empty graph names no node.
      expect(facts.mayMergeAddresses).toBe(name !== "11-empty");
    }
  });

  test("keeps a backslash as it is", async () => {
    const dot = await dotOf([LINE.replace("123456789010", "a\\nb\\\\c")]);
    expect((await allRowsOf(edgesOf(asGoWroteIt(dot)))).map((row) => row.account)).toEqual(["a\\nb\\\\c"]);
  });

  test("nodes may come in any order; of two addresses with one id the label that is there counts", async () => {
    const dot = await dotOf([LINE, LINE.replace("1.11.1.1", "11.1.1.1")]);
    const lines = asGoWroteIt(dot).split("\n");
    // It kept one node, the last.
    const [open, first, second, , other, last, close] = lines;
    const go = [open, first, second, last, other, close].join("\n");
    const read = await allRowsOf(edgesOf(go));
    expect(read.map(({ source, destination }) => [source, destination])).toEqual([
      ["11.1.1.1", "8.8.8.8"],
      ["11.1.1.1", "8.8.8.8"],
    ]);
  });

  test("an edge whose node is missing is an error", async () => {
    const dot = asGoWroteIt(await dotOf([LINE])).replace(/\tn8888 \[.*\n/, "");
    await expect(allRowsOf(edgesOf(dot))).rejects.toThrow(/expected the DOT to have a node for each id/);
  });
});

describe("what is no such DOT", () => {
  const EDGE = `\t"::1" -> "::2" [govpc_accountID="a" govpc_eniID="b" govpc_srcPort="0" govpc_dstPort="1" govpc_protocol="2" govpc_packets="3" govpc_bytes="4" govpc_start="5" govpc_end="6" color=green label="x"]`;
  const NODES = `\t"::1" [label="::1"]\n\t"::2" [label="::2"]`;
  test("this is one", async () => {
    expect(await allRowsOf(edgesOf(graph(EDGE, NODES)))).toHaveLength(1);
  });

  test.for([
    ["nothing", "", /line 1 of the DOT: expected more, got its end$/],
    ["HTML", "<html>", /line 1 of the DOT: expected "digraph {", got "<html>"$/],
    ["another graph", "graph {\n}\n", /line 1 of the DOT: expected "digraph {", got "graph {"$/],
    ["a cut one", `digraph {\n${EDGE}\n`, /line 3 of the DOT: expected more, got its end$/],
    ["one cut in a line", `digraph {\n${EDGE.slice(0, 80)}`, /line 2 of the DOT: expected "/],
    [
      "bytes after the end",
      `${graph(EDGE, NODES)}x`,
      /line 6 of the DOT: expected the end of the graph, got "x"$/,
    ],
    ["no tab", graph(EDGE.slice(1)), /line 2 of the DOT: expected "\\t", got "\\"::1\\" -> /],
    ["a host", graph(EDGE.replace("::1", "host")), /expected an address, got "host\\" -> /],
    [
      "a port too large",
      graph(EDGE.replace('dstPort="1"', 'dstPort="65536"')),
      /a port from 0 to 65535, got "65536\\" /,
    ],
    [
      "a leading zero",
      graph(EDGE.replace('packets="3"', 'packets="03"')),
      /without leading zeros, got "03\\" /,
    ],
    ["2^63", graph(EDGE.replace('end="6"', 'end="9223372036854775808"')), /from 0 to 2\^63-1/],
    [
      "another colour",
      graph(EDGE.replace("green", "blue")),
      /expected "\\" color=red label=\\"", got "\\" color=blue/,
    ],
    ["an open label", graph(EDGE.slice(0, -1)), /expected "\\"\]" at the end of the line/],
    ["another attribute", graph(EDGE.replace("govpc_bytes", "bytes")), /expected "\\" govpc_bytes=/],
    ["a stray backslash", graph(EDGE.replace('ID="a"', 'ID="a\\n"')), /expected an account, got "a\\\\n\\" /],
    [
      "a node under another label",
      graph(EDGE, NODES.replace('"::2"]', '"::3"]')),
      /expected an address as the label/,
    ],
    [
      "an edge after nodes",
      graph(EDGE, NODES, EDGE),
      /line 5 of the DOT: expected " \[label=\\"", got " -> /,
    ],
    [
      "both kinds of nodes",
      graph(EDGE, 'n1 [label="::1"]'.padStart(17, "\t")),
      /expected nodes named as before, got "n1 /,
    ],
    [
      "a line without end",
      `digraph {\n${"x".repeat(10_000)}`,
      /line 2 of the DOT: expected a line of at most 8192 bytes, got "x/,
    ],
  ] as const)("%s", async ([, dot, message]) => {
    for (const size of [dot.length, 7]) {
      const error: unknown = await allRowsOf(edgesOf(dot, Math.max(1, size))).catch(
        (error: unknown) => error,
      );
      expect(error).toBeInstanceOf(CorruptInputError);
      expect(String(error)).toMatch(message);
    }
  });
});
