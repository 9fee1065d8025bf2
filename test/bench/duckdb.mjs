// DuckDB as a process of its own: `duckdb.mjs THREADS QUERY`.
import { DuckDBInstance } from "@duckdb/node-api";

const [, , threads, query] = process.argv;

const database = await DuckDBInstance.create(":memory:", { threads });
const connection = await database.connect();
await connection.runAndReadAll(query);
connection.closeSync();
database.closeSync();
