import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { REJECT } from "../../src/edges/table.js";
import { converse } from "../../src/view/converse.js";
import { VIEW_FORMATS } from "../../src/view/format/formats.js";
import { parseGrouping } from "../../src/view/grouping.js";
import type { NameLookup } from "../../src/view/hosts.js";
import { viewOf, type View } from "../../src/view/view.js";
import { batchesOf, type Row } from "../edges/rows.js";
import { queryDuckDB } from "../support/duckdb.js";
import { temporaryDir } from "../support/temporary-dir.js";
import { edge } from "./graphs.js";

const WINDOW = { start: "2024-06-01T00:00:00Z", stop: "2024-06-01T01:00:00Z" };

async function viewOfRows(
  rows: readonly Row[],
  { group = "host", name = "db", top }: { group?: string; name?: string; top?: number } = {},
): Promise<View> {
  const names: NameLookup = { find: () => ({ text: name, source: "csv", side: "inside" }) };
  return viewOf(
    { window: WINDOW, graph: await converse(batchesOf(rows, 7)), names, incomplete: false },
    {
      where: [],
      whereText: "",
      grouping: parseGrouping(group) ?? { by: "host" },
      around: undefined,
      hops: 1,
      top,
      by: "bytes",
    },
  );
}

async function bytesOf(format: string, view: View): Promise<Buffer> {
  const pieces: (string | Uint8Array)[] = [];
  for await (const piece of VIEW_FORMATS[format]?.write(view) ?? []) pieces.push(piece);
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece)));
}

async function written(format: string, view: View): Promise<string> {
  return (await bytesOf(format, view)).toString();
}

const rows = [
  edge("10.0.0.1 > 10.0.0.2:443", { bytes: 2n ** 60n, packets: 9n, flows: 3n }),
  edge("10.0.0.3 > 10.0.0.2:22", { bytes: 40n, action: REJECT }),
  edge("10.0.0.3 > 10.0.0.1", { protocol: 1, server: 0, bytes: 8n }),
];

test("JSON has the whole view; numbers beyond 2^53 are strings", async () => {
  const view = JSON.parse(await written("json", await viewOfRows(rows, { top: 2 })));
  expect(view).toMatchObject({
    window: WINDOW,
    edges: "conversations",
    graph: { edges: 3, conversations: 3, bytes: String(2n ** 60n + 48n), packets: 11, incomplete: false },
    links: [
      {
        from: "10.0.0.1",
        to: "10.0.0.2",
        served: true,
        services: [{ protocol: "tcp", port: 443, name: "https" }],
        client: { bytes: String(2n ** 60n), packets: 9, rejectedBytes: 0 },
        flows: { accepted: 3, rejected: 0 },
        first: "2024-06-01T00:00:00Z",
        last: "2024-06-01T00:01:00Z",
        where: "from:10.0.0.1 to:10.0.0.2 protocol:tcp port:443",
      },
      { accepted: false, rejected: true, client: { bytes: 40, rejectedBytes: 40 } },
    ],
    other: [{ served: false, services: [{ protocol: "icmp" }], rows: 1 }],
    left: { filtered: { rows: 0, bytes: 0 }, folded: { rows: 1, bytes: 8 } },
  });
  expect(view.nodes.map(({ id }: { id: string }) => id).toSorted()).toEqual([
    "10.0.0.1",
    "10.0.0.2",
    "10.0.0.3",
  ]);
});

test("CSV has a header and a line for each link", async () => {
  const text = await written("csv", await viewOfRows(rows));
  const [header, ...lines] = text.trimEnd().split("\r\n");
  expect(header).toMatch(
    /^kind,from,from_label,to,to_label,served,protocol,port,services,rows,client_bytes,/,
  );
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(
    /^link,10\.0\.0\.1,db,10\.0\.0\.2,db,true,tcp,443,https\/tcp,1,1152921504606846976,9,0,0,/,
  );
});

test("no cell of a CSV begins a formula, and any name comes through", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string({ minLength: 1 }),
        fc.constantFrom("=1+1", "@sum", "-1", "+1", '"=x', "\t=x", "a\r\n=b", "a,=b"),
      ),
      async (name) => {
        const text = await written("csv", await viewOfRows(rows.slice(0, 1), { group: "name", name }));
        const cells = cellsOf(text);
        expect(cells.filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([]);
        expect(cells.map((cell) => cell.replace(/^'/, ""))).toContain(name.replace(/^'/, ""));
      },
    ),
  );
});

/** RFC 4180, read by the letter. */
function cellsOf(text: string): string[] {
  return [...text.matchAll(/(?:^|,|\r\n)(?:"((?:[^"]|"")*)"|([^,\r\n"]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
  );
}

test("DOT shows weight, what was rejected and what nobody serves", async () => {
  const text = await written("dot", await viewOfRows(rows));
  expect(text.split("\n")[1]).toMatch(
    /^\t"10\.0\.0\.1" -> "10\.0\.0\.2" \[govpc_srcPort="0" govpc_dstPort="443" govpc_protocol="6" govpc_packets="9" govpc_bytes="1152921504606846976" /,
  );
  expect(text).toMatch(/color=red penwidth=1 style=dashed label="ssh 22\\n✕ 1 rejected"/);
  expect(text).toMatch(/govpc_protocol="1".*dir=none label="icmp"/);
});

test("no name closes a string in DOT", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: fc.constantFrom("\\", '"', "n", "\n", "]", "a"), minLength: 1 }),
      async (name) => {
        const text = await written("dot", await viewOfRows(rows.slice(0, 1), { group: "name", name }));
        const line = text.split("\n").find((each) => each.includes("[label="));
        expect(line).toMatch(/^\t"(?:[^"\\]|\\.)*" \[label="(?:[^"\\]|\\.)*" shape=box\]$/);
      },
    ),
  );
});

test("Parquet is the same table as the CSV, for any name; without a link too", async () => {
  const dir = await temporaryDir();
  onTestFinished(() => dir.remove());
  const file = join(dir.path, "view.parquet");
  for (const [name, some] of [
    ["db", rows],
    ['naïve \u{1f600} "x"', rows],
    ["db", []],
  ] as const) {
    const view = await viewOfRows(some, { group: name === "db" ? "host" : "name", name });
    await writeFile(file, await bytesOf("parquet", view));
    const [header, ...lines] = (await written("csv", view)).trimEnd().split("\r\n");
    const table = await queryDuckDB(`SELECT * FROM '${file}'`);
    expect(table).toHaveLength(lines.length);
    const columns = (header ?? "").split(",");
    for (const [index, row] of table.entries()) {
      const cells = cellsOf(lines[index] ?? "");
      for (const [name, value] of Object.entries(row)) {
        const cell = cells[columns.indexOf(name)] ?? "";
        const text = value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
        const isTime = name === "first" || name === "last";
        expect(isTime ? Date.parse(`${text}Z`) : text, name).toBe(isTime ? Date.parse(cell) : cell);
      }
    }
  }
});
