import { DuckDBInstance, type DuckDBConnection, type Json } from "@duckdb/node-api";

/** Runs statements in a database in memory: an engine that knows nothing of our code. */
export async function inDuckDB(statements: readonly string[]): Promise<void> {
  await withDuckDB(async (connection) => {
    for (const statement of statements) await connection.run(statement);
  });
}

/** The rows that a query gives, 64-bit numbers as strings. */
export function queryDuckDB(query: string): Promise<Record<string, Json>[]> {
  return withDuckDB(async (connection) => (await connection.runAndReadAll(query)).getRowObjectsJson());
}

async function withDuckDB<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const database = await DuckDBInstance.create(":memory:");
  const connection = await database.connect();
  try {
    return await use(connection);
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}
