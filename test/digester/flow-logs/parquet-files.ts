import { join } from "node:path";
import { inDuckDB } from "../../support/duckdb.js";
import { directoryOf } from "./digesting.js";

/** A record in SQL, with some of its values replaced, or left out where empty. */
export function select(values: Record<string, string> = {}): string {
  const record = {
    version: "2",
    account_id: "'012345678901'",
    interface_id: "'eni-1'",
    srcaddr: "'10.0.0.1'",
    dstaddr: "'10.0.0.2'",
    srcport: "40000",
    dstport: "443",
    protocol: "6",
    packets: "3",
    bytes: "300::bigint",
    start: "1717286400::bigint",
    end: "1717286460::bigint",
    action: "'ACCEPT'",
    log_status: "'OK'",
    ...values,
  };
  const columns = Object.entries(record).filter(([, value]) => value !== "");
  return `select ${columns.map(([name, value]) => `${value} as "${name}"`).join(", ")}`;
}

/** A directory with these rows as `flow.parquet`. */
export async function parquetOf(sql: string, options = ""): Promise<string> {
  const directory = directoryOf({});
  await inDuckDB([
    "set timezone = 'America/New_York'",
    `copy (${sql}) to '${join(directory, "flow.parquet")}' (format parquet ${options})`,
  ]);
  return directory;
}
