import { readFileSync } from "node:fs";
// Not all of it: the grammars of nine dialects take a minute to load.
import { TrinoSQL } from "dt-sql-parser/dist/parser/trino/index.js";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { conditionsOf } from "../../../../src/digester/flow-logs/athena/conditions.js";
import { selectOf } from "../../../../src/digester/flow-logs/athena/select.js";
import { identifier, literal } from "../../../../src/digester/flow-logs/athena/sql-text.js";
import { flowLogTable } from "../../../../src/digester/flow-logs/athena/table.js";
import { TimeWindow } from "../../../../src/window.js";
import { queryDuckDB } from "../../../support/duckdb.js";
import { AWS_COLUMNS } from "./aws-parquet.js";
import { columnsListed, PROJECTION } from "./from-athena.js";

const WINDOW = TimeWindow.parse("2024-06-02T12:00:00Z", "2024-06-02T13:00:00Z");
const trino = new TrinoSQL();

function selectFrom(columns: Readonly<Record<string, string>>, name = "flow"): string {
  const metadata = {
    Columns: columnsListed(columns),
    PartitionKeys: columnsListed({ region: "string", day: "string" }),
    Parameters: PROJECTION,
  };
  const table = flowLogTable("the table", metadata);
  const choice = { window: WINDOW, accounts: new Set(["123456789012"]), vpcs: new Set(["vpc-1"]) };
  const { conditions } = conditionsOf("the table", table, choice);
  return selectOf({
    table: { catalog: "AwsDataCatalog", database: "logs", name },
    columns: table.columns,
    window: WINDOW,
    addresses: "packet",
    conditions,
    byVpc: true,
  });
}

test("the SELECT of AWS's own table is as it was", () => {
  const golden = new URL("../../../fixtures/athena/select.sql", import.meta.url);
  expect(`${selectFrom(AWS_COLUMNS)}\n`).toBe(readFileSync(golden, "utf8"));
});

test("the SELECT is Trino's, whatever types the columns have", () => {
  expect(trino.validate("SELECT FROM")).not.toEqual([]);
  expect(trino.validate(selectFrom(AWS_COLUMNS))).toEqual([]);
  const others = {
    ...AWS_COLUMNS,
    start: "timestamp",
    end: "timestamp(3)",
    account_id: "bigint",
    srcport: "string",
  };
  expect(trino.validate(selectFrom(others, `my "own" 'table'`))).toEqual([]);
});

const SAMPLES = fc.string({ unit: fc.constantFrom("a", '"', "'", ";", "-", " ", "\\", "\n", "é", ")", "%") });

test("names and texts with anything in them are one name and one text", async () => {
  const samples = fc.sample(SAMPLES, 100).map((text, index) => ({ text, name: `c${text}${index}` }));
  const columns = samples.map(({ text, name }) => `${literal(text)} as ${identifier(name)}`).join(", ");
  expect(trino.validate(`select ${columns} from t`)).toEqual([]);
  const [row = {}] = await queryDuckDB(`select ${columns}`);
  expect(Object.entries(row)).toEqual(samples.map(({ text, name }) => [name, text]));
});

test("the view of the documentation is Trino's, and a table of flow logs", () => {
  const docs = readFileSync(new URL("../../../../docs/flow-logs.md", import.meta.url), "utf8");
  const [, view = ""] = /```sql\n(CREATE VIEW [^]*?)```/.exec(docs) ?? [];
  expect(trino.validate(view)).toEqual([]);
  const names = [...view.matchAll(/ AS "?(\w+)"?/g)].map(([, name = ""]) => name);
  const columns = columnsListed(Object.fromEntries([...names, "day"].map((name) => [name, "string"])));
  const table = flowLogTable("the view", { TableType: "VIRTUAL_VIEW", Columns: columns });
  expect(conditionsOf("the view", table, { window: WINDOW }).warnings).toEqual([]);
});
