import { Readable } from "node:stream";
import { DuckDBInstance } from "@duckdb/node-api";
import {
  furtherFields,
  type SelectOptions,
} from "../../../../src/digester/flow-logs/athena/select-records.js";
import { selectOf } from "../../../../src/digester/flow-logs/athena/select.js";
import type { LogObject, Source } from "../../../../src/digester/flow-logs/source.js";
import { TRINO_FUNCTIONS } from "../../../support/athena/trino-in-duckdb.js";

const TABLE = { catalog: "memory", database: "main", name: "flow logs" };

/** The lines that the SELECT gives of some rows. */
export async function sumsByDuckDB(rows: string, options: Omit<SelectOptions, "table">): Promise<string[]> {
  const database = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await database.connect();
  try {
    for (const statement of TRINO_FUNCTIONS) await connection.run(statement);
    await connection.run(`create view "${TABLE.name}" as ${rows}`);
    const reader = await connection.runAndReadAll(selectOf({ ...options, table: TABLE }));
    return reader.getRowsJson().map((row) => row.map(String).join(" "));
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}

/** Columns by their fields, as a table of Athena has them. */
export function columnsOf(types: Readonly<Record<string, string>>): SelectOptions["columns"] {
  return new Map(Object.entries(types).map(([name, type]) => [name.replaceAll("_", "-"), { name, type }]));
}

/** A Source that holds lines of sums. */
export function sourceOfSums(lines: readonly string[], columns: SelectOptions["columns"]): Source {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  const object: LogObject = {
    key: "sums",
    format: "text",
    named: "aws",
    account: undefined,
    version: "1",
    size: bytes.length,
    sums: furtherFields(columns),
    open: () => Readable.from([bytes]),
    read: () => Promise.resolve(bytes),
  };
  return {
    list: () => Promise.resolve({ objects: [object], counts: {}, warnings: [], where: "sums" }),
    ready: () => Promise.resolve(),
  };
}
