import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { ForeignFileError } from "../../../src/digester/flow-logs/foreign-file-error.js";
import { readerOf } from "../../../src/digester/flow-logs/parquet-types.js";
import { readParquet } from "../../../src/digester/flow-logs/read-parquet.js";
import { CorruptInputError } from "../../../src/errors.js";
import { RecordIntake } from "../../../src/flow-log/record.js";
import type { FlowLogDigesterOptions } from "../../../src/digester/flow-logs/flow-log-digester.js";
import { DEFAULT_FORMAT } from "../../../src/flow-log/fields.js";
import { type Scope, scopeOf } from "../../../src/scope.js";
import { TimeWindow } from "../../../src/window.js";
import { inDuckDB } from "../../support/duckdb.js";
import { digest, directoryOf } from "./digesting.js";
import { parquetOf, select } from "./parquet-files.js";

const LINE = "2 012345678901 eni-1 10.0.0.1 10.0.0.2 0 443 6 3 300 1717286400 1717286460 ACCEPT OK";

const TIME = "make_timestamp(1717286400400001)";
const END = "make_timestamp(1717286460000001)";

test.each<[string, Record<string, string>]>([
  ["as AWS writes them", {}],
  ["timestamps of milliseconds", { start: `${TIME}::timestamp_ms`, end: `${END}::timestamp_ms` }],
  ["timestamps of microseconds", { start: TIME, end: END }],
  ["timestamps of nanoseconds", { start: `${TIME}::timestamp_ns`, end: `${END}::timestamp_ns` }],
  ["timestamps with a zone", { start: "to_timestamp(1717286400)", end: "to_timestamp(1717286460.5)" }],
  ["numbers for account ids", { account_id: "12345678901::bigint" }],
  ["a decimal for account ids", { account_id: "12345678901::decimal(12, 0)" }],
  [
    "doubles",
    { srcport: "40000::double", dstport: "443::float", bytes: "300::double", end: "1717286460::double" },
  ],
  ["decimals", { packets: "3::decimal(38, 0)", bytes: "300::decimal(38, 3)", protocol: "6::decimal(4, 1)" }],
  ["unsigned numbers", { srcport: "40000::usmallint", packets: "3::utinyint", bytes: "300::ubigint" }],
  ["text for numbers", { srcport: "'40000'", bytes: "'300'", end: "'1717286460'" }],
])("%s are read", async (_, values) => {
  expect((await digest(await parquetOf(select(values)))).lines).toEqual([LINE]);
});

test("a number that is missing is no account", async () => {
  const { lines } = await digest(await parquetOf(select({ account_id: "null::bigint" })));
  expect(lines).toEqual([LINE.replace("012345678901", "-")]);
});

test("numbers of all bits are read exactly", async () => {
  const values = { packets: "9007199254740993::ubigint", bytes: "9223372036854775807::decimal(38, 0)" };
  const { lines } = await digest(await parquetOf(select(values)));
  expect(lines).toEqual([LINE.replace(" 3 300 ", " 9007199254740993 9223372036854775807 ")]);
});

test.each([
  ["hyphens", (name: string) => name.replace("_", "-")],
  ["capitals", (name: string) => name.toUpperCase()],
  ["camels", (name: string) => name.replace(/_(.)/, (_, letter: string) => letter.toUpperCase())],
  [
    "the names of AWS's first table for Athena",
    (name: string) =>
      ({
        account_id: "account",
        interface_id: "interfaceid",
        srcaddr: "sourceaddress",
        dstaddr: "destinationaddress",
        srcport: "sourceport",
        dstport: "destinationport",
        packets: "numpackets",
        bytes: "numbytes",
        start: "starttime",
        end: "endtime",
        log_status: "logstatus",
      })[name] ?? name,
  ],
])("columns are told by names with %s", async (_, spelling) => {
  const names =
    "version account_id interface_id srcaddr dstaddr srcport dstport protocol packets bytes start end";
  const renamed = [...names.split(" "), "action", "log_status"].map(
    (name) => `"${name}" as "${spelling(name)}"`,
  );
  const sql = `select ${renamed.join(", ")} from (${select()})`;
  expect((await digest(await parquetOf(sql))).lines).toEqual([LINE]);
});

test("INT96 holds the day and nanoseconds", () => {
  const read = readerOf("end", { name: "end", type: "INT96", repetition_type: "OPTIONAL" });
  expect(read?.((2_440_588n << 64n) | 999_999_999n)).toBe(0n);
  expect(read?.(((2_440_588n + 19_876n) << 64n) | 60_000_000_000n)).toBe(19_876n * 86_400n + 60n);
  expect(read?.(null)).toBeNull();
  expect(readerOf("srcport", { name: "srcport", type: "INT96" })).toBeUndefined();
});

test("times before 1970 are rounded down", () => {
  const read = readerOf("end", { name: "end", type: "INT64", converted_type: "TIMESTAMP_MILLIS" });
  expect(read?.(-1n)).toBe(-1n);
  expect(read?.(-1000n)).toBe(-1n);
  expect(read?.(-1001n)).toBe(-2n);
});

describe("what a column can't hold is told with file, column, type and remedy:", () => {
  test.each<[string, Record<string, string>, string]>([
    ["a timestamp as a port", { srcport: TIME }, "srcport to hold whole numbers, got the type timestamp"],
    ["truth as a port", { dstport: "true" }, "dstport to hold whole numbers, got the type boolean"],
    [
      "a date as a time",
      { end: "date '2024-06-02'" },
      "end to hold timestamps or Unix times in seconds, got the type date",
    ],
    [
      "a time of day",
      { start: "time '01:00:00'" },
      "start to hold timestamps or Unix times in seconds, got the type time",
    ],
    ["a list", { bytes: "[1]" }, "bytes to hold whole numbers, got a group of columns"],
    ["a structure", { srcaddr: "{'ip': '10.0.0.1'}" }, "srcaddr to hold text, got a group of columns"],
    ["a number as an address", { srcaddr: "1::integer" }, "srcaddr to hold text, got the type int32"],
    ["a number as an action", { action: "1.5::double" }, "action to hold text, got the type double"],
    [
      "a UUID as an account",
      { account_id: "uuid()" },
      "account_id to hold text or whole numbers, got the type uuid",
    ],
  ])("%s", async (_, values, message) => {
    const failed = digest(await parquetOf(select(values)));
    await expect(failed).rejects.toThrow(CorruptInputError);
    await expect(failed).rejects.toThrow(`flow.parquet: expected the column ${message}`);
    await expect(failed).rejects.toThrow("FLOW_LOG_EXCLUDE");
  });

  test.each<[string, Record<string, string>, string]>([
    [
      "a fraction",
      { srcport: "443.5::double" },
      'row 2: expected a whole number in the column of srcport, got "443.5"',
    ],
    [
      "infinity",
      { bytes: "'inf'::double" },
      'row 2: expected a whole number in the column of bytes, got "Infinity"',
    ],
    [
      "a decimal fraction",
      { bytes: "1.5::decimal(4, 1)" },
      'row 2: expected a whole number in the column of bytes, got "15e-1"',
    ],
    [
      "a date as text",
      { end: "'2024-06-02T00:00:00'" },
      'row 2: expected end, a Unix time in seconds, got "2024-06-02T00:00:00"',
    ],
    [
      "a time as text",
      { end: "'2024-06-02 00:00:00'" },
      'row 2: expected a value without spaces or control characters, got "2024-06-02 00:00:00"',
    ],
  ])("%s", async (_, values, message) => {
    const good = Object.fromEntries(
      Object.keys(values).map((name) => [
        name,
        name === "end" ? "'1717286460'" : (values[name] ?? "").replace(/^.*::/, "9::"),
      ]),
    );
    const failed = digest(await parquetOf(`${select(good)} union all ${select(values)}`));
    await expect(failed).rejects.toThrow(CorruptInputError);
    await expect(failed).rejects.toThrow(`flow.parquet, ${message}`);
  });

  test("two columns for one field", async () => {
    const sql = `select *, 'x' as "SrcAddr", 'y' as "src_addr" from (${select({ srcaddr: "" })})`;
    await expect(digest(await parquetOf(sql))).rejects.toThrow(
      "flow.parquet: expected one column for srcaddr, got SrcAddr and src_addr",
    );
  });
});

test("missing doubles are absent, as pandas has them", async () => {
  const values = { packets: "'nan'::double", bytes: "null::double" };
  const { lines, counts } = await digest(await parquetOf(select(values)));
  expect(lines).toEqual([LINE.replace(" 3 300 ", " 0 0 ")]);
  expect(counts).toMatchObject({ withoutSums: 1 });
});

async function readAlone(sql: string): Promise<void> {
  const bytes = new Uint8Array(readFileSync(join(await parquetOf(sql), "flow.parquet")));
  const intake = new RecordIntake({ startDate: new Date(0), stopDate: new Date(1e15) });
  const { signal } = new AbortController();
  await readParquet({ key: "x.parquet", bytes }, intake, "interface", async () => {}, signal);
}

describe("what isn't a flow log", () => {
  test.each([
    ["an inventory", "select 'b' as bucket, 'k' as key, 'v' as version_id, 1 as size, 'x' as e_tag"],
    ["a bill", "select 'a' as bill_payer_account_id, 1.5 as line_item_usage_amount, 'x' as product_region"],
    [
      "a common name or two",
      "select 1 as version, 'GET' as action, 1 as bytes, 1 as start, 2 as \"end\", 'a' as account_id",
    ],
    ["groups", "select {'srcaddr': 1} as detail, [{'srcport': 1}] as items"],
  ])("is foreign: %s", async (_, sql) => {
    await expect(readAlone(sql)).rejects.toThrow(ForeignFileError);
    await expect(readAlone(sql)).rejects.toThrow("x.parquet: expected columns of a flow log, got ");
  });

  test("isn't foreign while it may be one", async () => {
    const failed = readAlone("select '10.0.0.1' as srcaddr, 1 as total");
    await expect(failed).rejects.toThrow(
      "x.parquet: expected the columns srcport, dstport, protocol, packets, bytes, start, end, dstaddr or pkt-dstaddr as well, got srcaddr, total",
    );
    await expect(failed).rejects.not.toThrow(ForeignFileError);
  });

  test("in the schema of Security Lake is named", async () => {
    const failed = digest(
      directoryOf({ "x.gz.parquet": readFileSync("test/fixtures/parquet/ocsf.parquet") }),
    );
    await expect(failed).rejects.toThrow(
      "x.gz.parquet: expected columns with the names of flow logs' fields (srcport, dstport, …), got the schema OCSF of Security Lake",
    );
    await expect(failed).rejects.not.toThrow(ForeignFileError);
  });
});

test.each([
  ["aws-schema", 1],
  ["delta-encodings", 1000],
  ["flowlogs-reader", 1],
  ["timestamps", 1],
  ["double-columns", 1],
])("files of the field: %s", async (name, edges) => {
  const { lines } = await digest(
    directoryOf({ "x.parquet": readFileSync(`test/fixtures/parquet/${name}.parquet`) }),
  );
  expect(lines).toHaveLength(edges);
});

test.each(["snappy", "gzip", "zstd", "brotli", "lz4_raw", "uncompressed"])(
  "several row groups and pages of text, with values missing, compressed with %s",
  async (codec) => {
    const sql = `select * exclude (i) replace (
        if(i % 7 = 0, null, account_id) as account_id, 'eni-' || (i * 7919 % 5000) as interface_id,
        if(i % 11 = 0, null, packets) as packets, 1 + i % 3 as protocol, if(i % 5 = 0, null, action) as action
      ) from (${select()}), range(20000) t(i)`;
    const version = codec === "lz4_raw" ? "v1" : "v2";
    const directory = await parquetOf(
      sql,
      `, codec '${codec}', row_group_size 5000, parquet_version ${version}`,
    );
    const expected = await digest(directory);
    expect(expected.counts).toMatchObject({ records: 20_000, withoutSums: 1819 });
    const packets = expected.lines.reduce((sum, line) => sum + Number(line.split(" ")[8]), 0);
    expect(packets).toBe(3 * (20_000 - 1819));
    expect(new Set(expected.lines.map((line) => line.split(" ")[2])).size).toBe(5000);
  },
);

describe("a table and its text give the same", () => {
  // What is usual, and what isn't: each value comes with each other.
  const rows = `
    select i, 2 + i % 3 as version, if(i % 5 = 0, null, '12345678901' || (i % 4)) as account_id,
      if(i % 7 = 0, null, 'eni-' || (i % 100)) as interface_id,
      if(i % 11 = 0, null, if(i % 13 = 0, '2001:db8::' || (i % 9), '10.0.0.' || (i % 200))) as srcaddr,
      if(i % 17 = 0, null, '192.0.2.' || (i % 50)) as dstaddr,
      if(i % 3 = 0, null, '10.1.0.' || (i % 50)) as pkt_srcaddr, if(i % 4 = 0, null, '198.51.100.1') as pkt_dstaddr,
      if(i % 19 = 0, null, 32768 + i % 5) as srcport, if(i % 2 = 0, 443, 50051) as dstport,
      if(i % 6 = 0, 17, 6) as protocol, if(i % 23 = 0, null, i % 7) as packets,
      if(i % 29 = 0, 9007199254740993, 100 * i + 7) as bytes, if(i % 31 = 0, null, 1717286400 + i) as start,
      1717286460 + i as "end", ['ACCEPT', 'REJECT', 'accept', null][1 + i % 4] as action,
      if(i % 10 = 0, null, i % 40) as tcp_flags,
      ['OK', 'OK', 'OK', 'ok', null, 'NODATA', 'SKIPDATA'][1 + (i * 7919) % 7] as log_status,
      if(i % 37 = 0, null, 'vpc-' || (i % 3)) as vpc_id, if(i % 41 = 0, '"a', 'az' || (i % 2)) as az_id,
      if(i % 43 = 0, null, i % 8) as traffic_path
    from range(20000) t(i) order by i`;
  const columns = "* exclude (i)";

  test.each<[string, Partial<FlowLogDigesterOptions>, Scope | undefined]>([
    ["all records", {}, undefined],
    ["the packets' own addresses", { format: { fields: DEFAULT_FORMAT, addresses: "packet" } }, undefined],
    ["some accounts", { accounts: new Set(["123456789011", "123456789013"]) }, undefined],
    ["a VPC", {}, scopeOf({ vpc: "vpc-1" })],
  ])("of %s", async (_, options, scope) => {
    const table = await parquetOf(
      `select ${columns} from (${rows})`,
      ", row_group_size 4096, codec 'snappy', dictionary_size_limit 500",
    );
    const text = directoryOf({});
    const csv = "(format csv, delim ' ', nullstr '-', header true, quote '')";
    await inDuckDB([`copy (select ${columns} from (${rows})) to '${join(text, "flow.log")}' ${csv}`]);
    const window = TimeWindow.parse("2024-06-02T00:00:00Z", "2024-06-02T04:00:00Z").within(scope);
    const expected = await digest(text, window, options);
    expect(expected.lines.length).toBeGreaterThan(100);
    const read = await digest(table, window, options);
    expect(read.lines).toEqual(expected.lines);
    // Of which VPC a record is, is asked first.
    expect(read.counts).toEqual({
      ...expected.counts,
      ...(scope !== undefined && { outsideWindow: 1989, recordsNotSelected: 13_305 }),
    });
  });
});

test("a table that was made of text with a header has it as a row, which isn't a record", async () => {
  const names = Object.fromEntries(
    "version account_id interface_id srcaddr dstaddr srcport dstport protocol packets bytes start end action log_status"
      .split(" ")
      .map((name) => [name, `'${name.replace("_", "-")}'`]),
  );
  const texts = Object.fromEntries(
    Object.entries(names).map(([name]) => [name, `"${name}"::varchar as "${name}"`]),
  );
  const sql = `${select(names)} union all select ${Object.values(texts).join(", ")} from (${select()})`;
  const { lines, counts } = await digest(await parquetOf(sql));
  expect(lines).toEqual([LINE]);
  expect(counts).toMatchObject({ records: 1 });
});

test("a large file is read in pieces, none of which it asks for twice", async () => {
  const bytes = readFileSync("test/fixtures/parquet/delta-encodings.parquet");
  const asked: [number, number][] = [];
  const size = 3_000_000_000;
  const shift = size - bytes.length;
  // The file's own bytes, between nothing but zeros.
  const object = {
    key: "sparse.parquet",
    format: "parquet",
    named: "otherwise",
    account: undefined,
    version: "1",
    size,
    open: (_: AbortSignal, range = { start: 0, end: size }) => {
      asked.push([range.start, range.end]);
      const start = Math.max(0, range.start - shift);
      const zeros = Buffer.alloc(Math.max(0, Math.min(shift, range.end) - range.start));
      return Readable.from([
        Buffer.concat([zeros, bytes.subarray(start, Math.max(start, range.end - shift))]),
      ]);
    },
    read: async () => undefined,
  } as const;
  const intake = new RecordIntake({ startDate: new Date(0), stopDate: new Date(1e15) });
  const { signal } = new AbortController();
  // Its chunks aren't where the footer says: zeros are no pages.
  await expect(readParquet(object, intake, "interface", async () => {}, signal)).rejects.toThrow(
    "sparse.parquet: expected a sound Parquet file",
  );
  const bytesAsked = asked.reduce((sum, [start, end]) => sum + end - start, 0);
  expect(bytesAsked).toBeLessThan(1_000_000);
});
