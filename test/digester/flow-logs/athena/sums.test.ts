import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { AddressChoice } from "../../../../src/flow-log/columns.js";
import type { FlowLogDigester } from "../../../../src/digester/flow-logs/flow-log-digester.js";
import { DEFAULT_FORMAT } from "../../../../src/flow-log/fields.js";
import { TimeWindow } from "../../../../src/window.js";
import { allRowsOf, type Row } from "../../../edges/rows.js";
import { digesterOf } from "../digesting.js";
import { AWS_COLUMNS, awsParquet, awsRecord, type AwsRecord, rowsOf, usualRecord } from "./aws-parquet.js";
import { columnsOf, sourceOfSums, sumsByDuckDB } from "./sums-by-duckdb.js";

const HOUR = TimeWindow.parse("2024-06-02T00:00:00Z", "2024-06-02T01:00:00Z");
const START = HOUR.startDate.getTime() / 1000;
const NEVER = new AbortController().signal;
/** What a database can't tell, for it never sees them. */
const FILES = new Set([
  "files",
  "emptyFiles",
  "foreignFiles",
  "outsideWindow",
  "records",
  "keys",
  "spilledRows",
]);

interface Digested {
  readonly rows: readonly Row[];
  readonly counts: readonly (readonly [string, number])[];
  /** Of records in the window. */
  readonly records: number;
  readonly failed: string | undefined;
}

/** Edges and counts, or why there are none. */
async function digestedBy(digester: FlowLogDigester): Promise<Digested> {
  const { edges, counts = {} } = await digester.digest(HOUR, NEVER);
  try {
    const rows = await allRowsOf(edges);
    const told = Object.entries(counts).filter(
      ([name, count]) => count > 0 && !FILES.has(name) && !name.startsWith("f"),
    );
    return {
      rows: rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
      counts: told,
      records: (counts["records"] ?? 0) - (counts["outsideWindow"] ?? 0),
      failed: undefined,
    };
  } catch (error) {
    // Only the place of what is wrong differs, and what to do.
    const [, reason = ""] = /(expected.*?)(?:, in |\. [A-Z]|$)/.exec(String(error)) ?? [];
    return { rows: [], counts: [], records: 0, failed: reason };
  }
}

function keyOf({
  account,
  interface: eni,
  source,
  destination,
  sourcePort,
  destinationPort,
  protocol,
  action,
}: Row) {
  return [account, eni, source, destination, sourcePort, destinationPort, protocol, action].join(" ");
}

async function compare(records: readonly AwsRecord[], addresses: AddressChoice): Promise<Digested> {
  const directory = await awsParquet(records);
  const columns = columnsOf(AWS_COLUMNS);
  const rows = `select * from read_parquet('${directory}/flow.parquet')`;
  const lines = await sumsByDuckDB(rows, { columns, window: HOUR, addresses, conditions: [], byVpc: false });
  const format = { fields: DEFAULT_FORMAT, addresses };
  const digested = await digestedBy(digesterOf(directory, { source: sourceOfSums(lines, columns), format }));
  expect(digested).toEqual(await digestedBy(digesterOf(directory, { format })));
  return digested;
}

const RECORD = usualRecord(START);

test("the SELECT gives the edges and counts that reading all records gives, whatever they hold", async () => {
  const sample = fc.tuple(
    fc.array(awsRecord(START), { minLength: 300, maxLength: 600 }),
    fc.constantFrom<AddressChoice>("interface", "packet"),
  );
  await fc.assert(
    fc.asyncProperty(sample, async ([records, addresses]) => void (await compare(records, addresses))),
    // Shrinking takes longer than it tells.
    { numRuns: 3, endOnFailure: true },
  );
});

test("records without traffic, and without addresses, are a row of each kind", async () => {
  const records = [
    ...Array.from({ length: 50 }, (_, n) => ({
      ...RECORD,
      interface_id: `eni-${n}`,
      log_status: "NODATA",
      srcaddr: null,
    })),
    ...Array.from({ length: 40 }, (_, n) => ({
      ...RECORD,
      interface_id: `eni-${n}`,
      log_status: "SKIPDATA",
      end: null,
    })),
    ...Array.from({ length: 30 }, (_, n) => ({
      ...RECORD,
      interface_id: `eni-${n}`,
      dstaddr: n % 2 === 0 ? null : "-",
    })),
  ];
  const digested = await compare(records, "interface");
  expect(digested).toMatchObject({
    rows: [],
    records: 120,
    counts: [
      ["nodata", 50],
      ["skipdata", 40],
      ["noAddress", 30],
    ],
  });
  const window = HOUR;
  const columns = columnsOf(AWS_COLUMNS);
  expect(
    await sumsByDuckDB(rowsOf(records), {
      columns,
      window,
      addresses: "interface",
      conditions: [],
      byVpc: false,
    }),
  ).toHaveLength(3);
});

test("sums beyond 2^63 are exact, and fail where an edge can't have them", async () => {
  const large = { ...RECORD, packets: 2n ** 62n, bytes: 2n ** 62n };
  const few = { ...large, packets: 1n, bytes: 2n ** 62n - 1n };
  expect((await compare([large, few], "interface")).rows).toMatchObject([{ bytes: 2n ** 63n - 1n }]);
  expect((await compare([large, large], "interface")).failed).toMatch(
    /at most 9223372036854775807, got 9223372036854775808/,
  );
  const columns = columnsOf(AWS_COLUMNS);
  const most = { ...large, bytes: 2n ** 63n - 1n };
  const [line] = await sumsByDuckDB(rowsOf([most, most, most]), {
    columns,
    window: HOUR,
    addresses: "interface",
    conditions: [],
    byVpc: false,
  });
  expect(line).toContain(` ${3n * (2n ** 63n - 1n)} `);
});

test.each<[string, Partial<AwsRecord>]>([
  ["times in milliseconds", { end: (START + 60) * 1000 }],
  ["no end", { end: null }],
  ["a start far after the end", { start: START + 7200 }],
  ["a start that is no time", { start: 12 }],
  ["fewer bytes than packets", { bytes: 2n }],
  ["negative packets", { packets: -1n }],
  ["negative bytes", { bytes: -5n, packets: null }],
  ["flags beyond a byte", { tcp_flags: 256 }],
  ["negative flags", { tcp_flags: -1 }],
  ["a port beyond 65535", { srcport: 65_536 }],
  ["a negative port", { dstport: -1 }],
  ["a protocol beyond 255", { protocol: 256 }],
  ["another action", { action: "DROP" }],
  ["another status", { log_status: "LOST" }],
  ["an address that is none", { srcaddr: "eni-1" }],
  ["an interface with a quote", { interface_id: 'eni"1' }],
])("what can't be a record fails the digest as it does when all are read: %s", async (_, values) => {
  const { failed } = await compare([RECORD, { ...RECORD, ...values }, RECORD], "interface");
  expect(failed).toMatch(/^expected /);
});
