import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CorruptInputError } from "../../../src/errors.js";
import { inDuckDB } from "../../support/duckdb.js";
import { digest, directoryOf } from "./digesting.js";

const directory = mkdtempSync(join(tmpdir(), "flow-log-formats-"));

afterAll(() => rmSync(directory, { recursive: true }));

/** Records of some ten thousand keys: both families, refused ones, NODATA and SKIPDATA, sums beyond 2^53. */
const makeRecords = (count: number): string[] => [
  `create macro pick(i, salt, n) as (hash(i * 100 + salt) % n)::bigint`,
  `create macro address(host) as
     if(host % 25 = 0, '2001:db8::' || printf('%x', host), '10.0.' || (host // 20) || '.' || (host % 20))`,
  `create table records as
     with flows as (
       select i, [443, 80, 22, 5432, 8080][1 + pick(i, 1, 5)] as service, 32768 + pick(i, 2, 28000) as other,
         pick(i, 3, 2) = 0 as there, pick(i, 4, 50) = 0 as empty, pick(i, 5, 30) = 0 as refused
       from range(${count}) t(i))
     select 5 as version,
       ['123456789010', '210987654321'][1 + pick(i, 6, 2)] as account_id,
       'eni-' || pick(i, 7, 3) as interface_id,
       if(empty, null, address(pick(i, 8, 40))) as srcaddr,
       if(empty, null, address(pick(i, 9, 40))) as dstaddr,
       if(empty, null, if(there, other, service))::integer as srcport,
       if(empty, null, if(there, service, other))::integer as dstport,
       if(empty, null, if(pick(i, 10, 5) = 0, 17, 6))::integer as protocol,
       if(empty, null, if(pick(i, 11, 5000) = 0, 9007199254740993, 0) + pick(i, 12, 5000)) as packets,
       if(empty, null, if(pick(i, 11, 5000) = 0 or pick(i, 13, 5000) = 0, 18014398509481985, 5000 + pick(i, 14, 5000000))) as bytes,
       1717286400 + i // 300 as start,
       1717286400 + i // 300 + 20 + pick(i, 15, 40) as "end",
       if(empty, null, if(refused, 'REJECT', 'ACCEPT')) as action,
       if(empty, if(pick(i, 16, 10) = 0, 'SKIPDATA', 'NODATA'), 'OK') as log_status,
       19 as tcp_flags, 'vpc-1' as vpc_id, 'ingress' as flow_direction, 'Name%3Dweb' as instance_tag
     from flows`,
];

const DIGEST_IN_SQL = `
  select '2 ' || account_id || ' ' || interface_id || ' ' || srcaddr || ' ' || dstaddr || ' ' ||
    if(srcport < dstport, srcport, 0) || ' ' || if(srcport < dstport, 0, dstport) || ' ' || protocol || ' ' ||
    sum(packets::hugeint) || ' ' || sum(bytes::hugeint) || ' ' ||
    (select min(start) from records where log_status = 'OK') || ' ' ||
    (select max("end") from records where log_status = 'OK') || ' ' || action || ' ' || log_status as line
  from records where log_status = 'OK'
  group by account_id, interface_id, srcaddr, dstaddr, if(srcport < dstport, srcport, 0),
    if(srcport < dstport, 0, dstport), protocol, action, log_status
  order by line`;

const V2 =
  "version account_id interface_id srcaddr dstaddr srcport dstport protocol packets bytes start end action log_status";
const V5 =
  "log_status action tcp_flags end start bytes packets vpc_id protocol dstport srcport flow_direction dstaddr srcaddr interface_id account_id version";
const V11 = `instance_tag ${V2} flow_direction`;

function text(file: string, columns: string, header: boolean): string {
  const list = columns
    .split(" ")
    .map((name) => `coalesce("${name}"::varchar, '-') as "${name.replaceAll("_", "-")}"`);
  return `copy (select ${list.join(", ")} from records) to '${join(directory, file)}' (format csv, delimiter ' ', header ${header}, quote '')`;
}

function parquet(file: string, codec: string): string {
  return `copy records to '${join(directory, file)}' (format parquet, codec '${codec}')`;
}

const FILES: Record<string, string> = {
  text: text("text/flow.log", V2, false),
  gzip: text("gzip/flow.log.gz", V2, true),
  "version 5, in another order": text("v5/flow.log.gz", V5, true),
  "version 11": text("v11/flow.log", V11, true),
  "Parquet with snappy": parquet("snappy/flow.log.parquet", "snappy"),
  "Parquet with gzip": parquet("gzip-parquet/flow.log.parquet", "gzip"),
  "Parquet with zstd": parquet("zstd/flow.log.parquet", "zstd"),
};

describe.each([
  // More than one row group of DuckDB's.
  [130_000, ["text", "Parquet with snappy"]],
  [30_000, Object.keys(FILES)],
])("%d records give the digest that another engine computes, as", (count, forms) => {
  let expected: string[];

  beforeAll(async () => {
    const statements = forms.map((form) => FILES[form] ?? "");
    for (const statement of statements) mkdirSync(folderIn(statement), { recursive: true });
    const digestFile = join(directory, "digest.txt");
    const write = `copy (${DIGEST_IN_SQL}) to '${digestFile}' (format csv, header false, quote '', delimiter '|')`;
    await inDuckDB([...makeRecords(count), ...statements, write]);
    expected = readFileSync(digestFile, "latin1").split("\n").slice(0, -1);
    expect(expected.length).toBeGreaterThan(5000);
  });

  test.each(forms)("%s", async (form) => {
    const { lines, counts } = await digest(folderIn(FILES[form] ?? ""));
    expect(counts).toMatchObject({ records: count, outsideWindow: 0 });
    // Compared as one text: a difference of many lines takes the test runner minutes to show.
    expect(lines.join("\n") === expected.join("\n")).toBe(true);
  });
});

test("damaged Parquet fails, naming the file", async () => {
  const whole = readFileSync(join(directory, "gzip-parquet/flow.log.parquet"));
  const zeroed = Buffer.from(whole).fill(0, 100_000, 101_000);
  const footless = Buffer.from(whole).fill(0xff, whole.length - 2000, whole.length - 8);
  const damaged = [whole.subarray(0, 7), whole.subarray(0, -1), whole.subarray(0, 100_000)];
  for (const bytes of [...damaged, zeroed, footless]) {
    const failed = digest(directoryOf({ "a/flow.log.parquet": bytes }));
    await expect(failed).rejects.toThrow(CorruptInputError);
    await expect(failed).rejects.toThrow("a/flow.log.parquet: expected a sound Parquet file");
  }
});

/** The folder that a statement writes to. */
function folderIn(statement: string): string {
  const [, folder = ""] = /to '(.*)\/[^/]*' \(/.exec(statement) ?? [];
  return folder;
}

async function parquetOf(select: string): Promise<string> {
  const target = directoryOf({});
  await inDuckDB([`copy (${select}) to '${join(target, "flow.parquet")}' (format parquet)`]);
  return target;
}

describe("Parquet that can't be a flow log", () => {
  const RECORD = `'10.0.0.1' as srcaddr, '10.0.0.2' as dstaddr, 1 as srcport, 2 as dstport, 6 as protocol, 1 as packets,
    1 as bytes, 1717286400 as start, 1717286401 as "end"`;

  test("for lack of columns", async () => {
    await expect(digest(await parquetOf("select 1 as srcport"))).rejects.toThrow(
      "flow.parquet: expected the columns dstport, protocol",
    );
  });

  test.each([
    ["a port", "1 as srcport", "70000 as srcport", 'row 2: expected srcport from 0 to 65535, got "70000"'],
    ["a list", "1 as srcport", "[1] as srcport", "flow.parquet"],
    ["a line feed", "'10.0.0.1'", "E'10.0.0.1\\n1'", "flow.parquet"],
    [
      "a space",
      "'10.0.0.1'",
      "'10.0.0.1 x'",
      'row 2: expected a value without spaces or control characters, got "10.0.0.1 x"',
    ],
  ])("for %s", async (_, from, to, message) => {
    const rows = `select ${RECORD} union all select ${RECORD.replace(from, to)}`;
    const failed = digest(await parquetOf(to.startsWith("[") ? `select ${RECORD.replace(from, to)}` : rows));
    await expect(failed).rejects.toThrow(CorruptInputError);
    await expect(failed).rejects.toThrow(message);
  });

  test("and one without rows gives an empty digest", async () => {
    expect((await digest(await parquetOf(`select ${RECORD} limit 0`))).lines).toEqual([]);
  });
});
