import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FURTHER_COLUMNS, REJECT, SERVER_RULES, SERVERS } from "../../src/edges/table.js";
import { toParquet } from "../../src/edges/to-parquet.js";
import { queryDuckDB } from "../support/duckdb.js";
import { batchesOf, type Row } from "./rows.js";

const docs = await readFile(new URL("../../docs/views.md", import.meta.url), "utf8");
const [section = ""] = /## The graph as a table\n[^]*/.exec(docs) ?? [];
const [rejected = "", windows = "", athena = ""] = [...section.matchAll(/```sql\n([^]*?)```/g)].map(
  ([, sql]) => sql,
);

const ROW: Row = {
  account: "123456789010",
  interface: "eni-0a1b2c3d4e5f60718",
  source: "203.0.113.9",
  destination: "10.0.1.20",
  protocol: 6,
  sourcePort: 0,
  destinationPort: 22,
  server: SERVERS.indexOf("dst"),
  serverBy: SERVER_RULES.indexOf("flags"),
  action: REJECT,
  packets: 4n,
  bytes: 240n,
  flows: 3n,
  tcpFlags: 2,
  first: 1_717_286_400,
  last: 1_717_286_460,
  active: 1n,
  start: 1_717_286_400n,
  end: 1_717_290_000n,
  further: {},
};
const COLUMNS = ["server", "serverBy", "flows", "tcpFlags", "first", "last", "active"] as const;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "table-"));
  await mkdir(join(root, "data/graphs"), { recursive: true });
  await keep("a", "2024-06-02T00:00:00Z", [ROW, { ...ROW, destinationPort: 3389 }]);
  await keep("b", "2024-06-02T01:00:00Z", [ROW, { ...ROW, source: "10.0.1.5", action: 1 }]);
});
afterAll(() => rm(root, { recursive: true }));

async function keep(id: string, start: string, rows: readonly Row[]): Promise<void> {
  const startDate = new Date(start);
  const window = { startDate, stopDate: new Date(startDate.getTime() + 3_600_000) };
  const bytes = await buffer(
    toParquet(batchesOf(rows, 10, COLUMNS), () => ({ window, making: id, counts: {} })),
  );
  await writeFile(join(root, "data/graphs", `${id}.parquet`), bytes);
}

/** As from the directory that the service was started in. */
function query(sql: string) {
  return queryDuckDB(`SET file_search_path = '${root}'; ${sql}`);
}

test("the documented query for what was rejected", async () => {
  expect(await query(rejected)).toEqual([
    { srcaddr: "203.0.113.9", ports: "2", attempts: "9", since: expect.stringContaining("2024-06-0") },
  ]);
});

test("the documented query for windows", async () => {
  expect(await query(windows)).toEqual([
    { file_name: join(root, "data/graphs/a.parquet"), window_start: "2024-06-02T00:00:00.000Z" },
    { file_name: join(root, "data/graphs/b.parquet"), window_start: "2024-06-02T01:00:00.000Z" },
  ]);
});

test("Athena's table has the columns of the file, with its types", async () => {
  const path = join(root, "all.parquet");
  const window = { startDate: new Date(0), stopDate: new Date(1) };
  await writeFile(
    path,
    await buffer(toParquet(batchesOf([ROW], 1), () => ({ window, making: "", counts: {} }))),
  );
  const columns = await queryDuckDB(
    `SELECT column_name || ' ' || CASE column_type WHEN 'VARCHAR' THEN 'string' WHEN 'INTEGER' THEN 'int'
       WHEN 'BIGINT' THEN 'bigint' WHEN 'TIMESTAMP WITH TIME ZONE' THEN 'timestamp' END AS definition
     FROM (DESCRIBE FROM '${path}')`,
  );
  const [, list = ""] = /edges \(([^]*?)\)\n/.exec(athena) ?? [];
  expect(list.replaceAll("`", "").trim().split(/,\s+/)).toEqual(columns.map(({ definition }) => definition));
  for (const name of FURTHER_COLUMNS) expect(section).toContain(`\`${name}\``);
});
