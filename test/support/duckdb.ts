import { DuckDBInstance } from "@duckdb/node-api";

/** Runs statements in a database in memory: an engine that knows nothing of our code. */
export async function inDuckDB(statements: readonly string[]): Promise<void> {
  const database = await DuckDBInstance.create(":memory:");
  const connection = await database.connect();
  try {
    for (const statement of statements) await connection.run(statement);
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}
