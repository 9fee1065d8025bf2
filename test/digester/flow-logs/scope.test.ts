import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { scopeOf } from "../../../src/scope.js";
import { TimeWindow } from "../../../src/window.js";
import { ONE, type ScopedFile, testScopedDigester } from "../../contract/scoped-digester.js";
import { digest, digesterOf, directoryOf } from "./digesting.js";
import { digesterOf as fromS3, keyOf, startS3 } from "./from-s3.js";
import { parquetOf, select } from "./parquet-files.js";

const NARROWED = { accounts: new Set([ONE]), regions: new Set(["eu-west-1"]) };

function keysOf(files: readonly ScopedFile[], hive: boolean): [string, Buffer][] {
  return files.map(({ account, region, text }, index) => {
    const key =
      account === undefined
        ? `exports/${index}/000000.gz`
        : keyOf("2024-06-01T12:05", { account, region, hive, hash: `${index}` });
    return [key, gzipSync(text)];
  });
}

testScopedDigester("FlowLogDigester, from a directory", async (files) => {
  const directory = directoryOf(Object.fromEntries(keysOf(files, true)));
  return { digester: digesterOf(directory), narrowed: digesterOf(directory, NARROWED) };
});

testScopedDigester("FlowLogDigester, from S3", async (files) => {
  const server = await startS3();
  for (const [key, bytes] of keysOf(files, false)) server.bucket("logs").put(key, bytes);
  return { digester: fromS3(server), narrowed: fromS3(server, NARROWED) };
});

const EVER = TimeWindow.parse("2010-01-01T00:00:00Z", "2030-01-01T00:00:00Z");
const IN_VPC_1 = EVER.within(scopeOf({ vpc: "vpc-1" }));
const LACKS = /expected records with vpc-id.*FLOW_LOG_IDS or FLOW_LOG_EXCLUDE/;

test("rows of Parquet are chosen by their VPC, whichever way the column is kept", async () => {
  const rows = select({ srcaddr: "'10.0.0.' || (n % 3)", bytes: "300", vpc_id: "'vpc-' || (n % 3)" });
  const more = select({ srcaddr: "'10.0.0.9'", bytes: "300", vpc_id: "null" });
  const sql = `${rows} from range(9000) t(n) union all ${more}`;
  for (const options of ["", ", row_group_size 2048", ", dictionary_size_limit 1"]) {
    const directory = await parquetOf(sql, options);
    const { lines, counts } = await digest(directory, IN_VPC_1);
    expect(lines).toEqual([expect.stringContaining(" 10.0.0.1 10.0.0.2 0 443 6 9000 900000 ")]);
    expect(counts).toMatchObject({ records: 9001, recordsNotSelected: 6001 });
  }
  // Rows that aren't wanted are counted, too.
  const other = select({ vpc_id: "'vpc-2'", protocol: "999" });
  const wrong = select({ vpc_id: "'vpc-1'", protocol: "999" });
  const third = await parquetOf(`${other} union all ${other} union all ${wrong}`);
  await expect(digest(third, IN_VPC_1)).rejects.toThrow("flow.parquet, row 3: expected protocol");
  for (const values of [{}, { vpc_id: "[1]" }]) {
    await expect(digest(await parquetOf(select(values)), IN_VPC_1)).rejects.toThrow(LACKS);
  }
});

function linesOf(records: readonly object[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

test("records in JSON are chosen by their VPC", async () => {
  const record = {
    srcport: 40000,
    dstport: 443,
    protocol: 6,
    packets: 3,
    bytes: 300,
    start: 1717286400,
    end: 1717286460,
    dstaddr: "10.0.0.2",
  };
  const lost = { ...record, dstaddr: undefined, "log-status": "SKIPDATA" };
  const records = [
    { ...record, srcaddr: "10.0.0.1", "vpc-id": "vpc-1" },
    { ...record, srcaddr: "10.0.0.3", "vpc-id": "vpc-2" },
    lost,
  ];
  const { lines, counts } = await digest(directoryOf({ "flow.json": linesOf(records) }), IN_VPC_1);
  expect(lines).toEqual([expect.stringContaining(" 10.0.0.1 10.0.0.2 ")]);
  expect(counts).toMatchObject({ records: 3, skipdata: 1, recordsNotSelected: 1 });
  const bare = directoryOf({ "flow.json": linesOf([{ ...record, srcaddr: "10.0.0.1" }]) });
  await expect(digest(bare, IN_VPC_1)).rejects.toThrow(LACKS);
});
