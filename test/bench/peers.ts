import { spawn } from "node:child_process";
import { once } from "node:events";
import { command, pathOf, script } from "./command.js";
import type { Contender } from "./compare.js";

/** The default format, by the names that AWS gives its fields in Parquet. */
const COLUMNS = `
  'version': 'INTEGER', 'account_id': 'VARCHAR', 'interface_id': 'VARCHAR', 'srcaddr': 'VARCHAR', 'dstaddr': 'VARCHAR',
  'srcport': 'INTEGER', 'dstport': 'INTEGER', 'protocol': 'INTEGER', 'packets': 'BIGINT', 'bytes': 'BIGINT',
  'start': 'BIGINT', 'end': 'BIGINT', 'action': 'VARCHAR', 'log_status': 'VARCHAR'`;

/** True when a program is installed; otherwise says that it is left out. */
export async function isInstalled(program: string): Promise<boolean> {
  const child = spawn("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
  const [code] = await once(child, "exit");
  if (code !== 0) console.log(`${program} is not installed: going on without it`);
  return code === 0;
}

const mawkIsInstalled = isInstalled("mawk");
const igzipIsInstalled = isInstalled("igzip");

export const AWK_SUMS = `mawk -f ${pathOf("digest.awk")}`;
export const AWK_DOT = `mawk -f ${pathOf("dot.awk")}`;

/** A pipe that has mawk in it; none where mawk isn't installed. */
export async function mawk(name: string, pipe: string): Promise<Contender[]> {
  return (await mawkIsInstalled) ? [command(name, ["sh", "-c", pipe])] : [];
}

/** Nobody who reads gzip can be faster than these. */
export async function gunzipLimits(path: string): Promise<Contender[]> {
  return [
    command("zcat", ["zcat", path]),
    ...((await igzipIsInstalled) ? [command("igzip", ["igzip", "-d", "-c", path])] : []),
  ];
}

export const DUCKDB_1 = "DuckDB, 1 thread";
export const DUCKDB_2 = "DuckDB, 2 threads";

export function duckDB(query: string): Contender[] {
  return [
    script(DUCKDB_1, pathOf("duckdb.mjs"), ["1", query]),
    script(DUCKDB_2, pathOf("duckdb.mjs"), ["2", query]),
  ];
}

/** What `digest.awk` does. The sums are summed once more, for DuckDB leaves out what nobody asks for. */
export function duckDBSums(table: string): Contender[] {
  return duckDB(`
    select count(*), sum(packets), sum(bytes), min("start"), max("end"), sum(flows) from (
      select account_id, interface_id, srcaddr, dstaddr,
        case when srcport < dstport then srcport else 0 end as source_port,
        case when srcport < dstport then 0 else dstport end as destination_port,
        protocol, action, log_status,
        sum(packets) as packets, sum(bytes) as bytes, min("start") as "start", max("end") as "end", count(*) as flows
      from ${table}
      where log_status = 'OK'
      group by all)`);
}

/** Flow logs as text, gzip or not. */
export function duckDBText(path: string): string {
  return `read_csv('${path}', delim = ' ', header = false, nullstr = '-', columns = {${COLUMNS}})`;
}
