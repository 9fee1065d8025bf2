import * as fc from "fast-check";
import { parquetOf } from "../parquet-files.js";

/** The columns that AWS writes to Parquet, with their types in Athena. */
export const AWS_COLUMNS = {
  version: "int",
  account_id: "string",
  interface_id: "string",
  srcaddr: "string",
  dstaddr: "string",
  srcport: "int",
  dstport: "int",
  protocol: "int",
  packets: "bigint",
  bytes: "bigint",
  start: "bigint",
  end: "bigint",
  action: "string",
  log_status: "string",
  vpc_id: "string",
  instance_id: "string",
  tcp_flags: "int",
  pkt_srcaddr: "string",
  pkt_dstaddr: "string",
  flow_direction: "string",
  traffic_path: "int",
} as const;
type Value = string | number | bigint | null;
/** What isn't there is absent. */
export type AwsRecord = Readonly<Partial<Record<keyof typeof AWS_COLUMNS, Value>>>;
const NAMES = Object.keys(AWS_COLUMNS);

const DUCKDB_TYPES: Readonly<Record<string, string>> = {
  int: "integer",
  bigint: "bigint",
  string: "varchar",
};

/** Rows of a SELECT in DuckDB. */
export function rowsOf(records: readonly Readonly<Record<string, Value>>[]): string {
  const typed = Object.entries(AWS_COLUMNS).map(
    ([name, type]) => `"${name}"::${DUCKDB_TYPES[type]} as "${name}"`,
  );
  const rows = records.map((record) => `(${NAMES.map((name) => valueOf(record[name] ?? null)).join(", ")})`);
  // A table without rows has types all the same.
  const values = rows.length > 0 ? rows.join(", ") : `(${NAMES.map(() => "null").join(", ")})`;
  const names = NAMES.map((name) => `"${name}"`).join(", ");
  return `select ${typed.join(", ")} from (values ${values}) as t(${names})${rows.length > 0 ? "" : " where false"}`;
}

function valueOf(value: Value): string {
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
}

/** A directory with these records as AWS writes them. */
export function awsParquet(records: readonly AwsRecord[]): Promise<string> {
  return parquetOf(rowsOf(records));
}

/** A record of a minute, with all that a field may be. */
export function usualRecord(start: number): AwsRecord {
  return {
    version: 5,
    account_id: "123456789012",
    interface_id: "eni-1",
    srcaddr: "10.0.0.1",
    dstaddr: "10.0.0.2",
    srcport: 40_000,
    dstport: 443,
    protocol: 6,
    packets: 3n,
    bytes: 300n,
    start,
    end: start + 60,
    action: "ACCEPT",
    log_status: "OK",
    vpc_id: "vpc-1",
    instance_id: "i-1",
    tcp_flags: 2,
    pkt_srcaddr: "10.9.0.1",
    pkt_dstaddr: "10.9.0.2",
    flow_direction: "egress",
    traffic_path: 1,
  };
}

/** Records that end within an hour from the start, few of a kind, with all that makes a digest hard. */
export function awsRecord(start: number): fc.Arbitrary<AwsRecord> {
  const address = fc.constantFrom(
    "10.0.0.1",
    "10.0.0.2",
    "10.0.1.7",
    "203.0.113.9",
    "2001:db8::1",
    "2001:DB8:0::1",
  );
  const port = fc.oneof(
    fc.constantFrom(0, 22, 443, 1023, 1024, 3306, 8080, 40_000, 50_051, 65_535),
    fc.integer({ min: 0, max: 65_535 }),
  );
  const large = fc.constantFrom(2n ** 53n, 2n ** 62n, 2n ** 63n - 1n);
  const packets = fc.oneof({ weight: 20, arbitrary: fc.bigInt({ min: 1n, max: 9n }) }, large);
  return fc
    .record({
      version: fc.constantFrom(2, 3, 5),
      account_id: orNull(fc.constantFrom("123456789012", "012345678901", "unknown")),
      interface_id: orNull(fc.constantFrom("eni-1", "eni-2")),
      srcaddr: orNull(address),
      dstaddr: orNull(address),
      srcport: orNull(port),
      dstport: orNull(port),
      protocol: fc.constantFrom(1, 6, 17),
      packets: orNull(packets),
      bytes: orNull(fc.constant(0n)),
      start: orNull(fc.integer({ min: start - 600, max: start + 3659 })),
      end: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: start, max: start + 3599 }) },
        fc.constantFrom(start - 1, start, start + 60, start + 3599, start + 3600),
      ),
      action: orNull(fc.constantFrom("ACCEPT", "REJECT", "accept")),
      log_status: orNull(fc.constantFrom("OK", "OK", "OK", "ok", "NODATA", "SKIPDATA", "-")),
      vpc_id: orNull(fc.constantFrom("vpc-1", "vpc-2")),
      instance_id: orNull(fc.constantFrom("i-1", "")),
      tcp_flags: orNull(fc.constantFrom(0, 1, 2, 3, 4, 16, 18, 19)),
      pkt_srcaddr: orNull(address),
      pkt_dstaddr: orNull(address),
      flow_direction: orNull(fc.constantFrom("ingress", "egress")),
      traffic_path: orNull(fc.constantFrom(1, 8)),
    })
    .map((record) => {
      const { packets: count, log_status: status } = record;
      const untimed = (status === "NODATA" || status === "SKIPDATA") && record.srcport === 443;
      // No fewer than packets, where both are told.
      const bytes = (count ?? 0n) > 2n ** 60n ? count : 40n * (count ?? 1n);
      return Object.assign(record, {
        bytes: record.bytes === null ? null : bytes,
        end: untimed ? null : record.end,
      });
    });
}

function orNull<T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.option(values, { freq: 8 });
}
