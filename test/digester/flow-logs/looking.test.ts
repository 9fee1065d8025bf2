import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { ForeignFiles } from "../../../src/digester/flow-logs/foreign-files.js";
import type { LogObject } from "../../../src/digester/flow-logs/source.js";
import { TimeWindow } from "../../../src/window.js";
import { inDuckDB } from "../../support/duckdb.js";
import { directoryOf } from "./digesting.js";
import { digestBy, digesterOf, keyOf, recordOf, startS3 } from "./from-s3.js";

const HOUR = TimeWindow.parse("2024-06-01T23:00:00Z", "2024-06-02T00:00:00Z");
const RECORD = recordOf("10.0.0.1", "2024-06-01T23:30:00Z");

test("what was found foreign isn't fetched again until it is replaced", async () => {
  const server = await startS3();
  const bucket = server.bucket("logs");
  bucket.put(keyOf("2024-06-01T23:30"), gzipSync(RECORD));
  const names = Array.from({ length: 100 }, (_, n) => `cdn/E1.2024-06-01-${n}.gz`);
  for (const name of names) bucket.put(name, gzipSync("#Version: 1.0\n"));
  const digester = digesterOf(server);
  const expected = { files: 1, foreignFiles: 100, records: 1 };
  expect((await digestBy(digester, HOUR)).counts).toMatchObject(expected);
  expect(server.count("GetObject")).toBe(101);
  expect((await digestBy(digester, HOUR)).counts).toMatchObject(expected);
  expect(server.count("GetObject")).toBe(102);

  bucket.put(names[7] ?? "", gzipSync(RECORD));
  expect((await digestBy(digester, HOUR)).counts).toMatchObject({ files: 2, foreignFiles: 99, records: 2 });
  expect(server.count("GetObject")).toBe(104);
});

test("a small file is fetched once, and of a large one no more than its beginning unless it is a flow log", async () => {
  const server = await startS3();
  const bucket = server.bucket("logs");
  bucket.put("exported/small.gz", gzipSync(RECORD));
  bucket.put("exported/large.log", RECORD.repeat(5000));
  bucket.put("beside/large.log", randomBytes(500_000));
  const { counts } = await digestBy(digesterOf(server), HOUR);
  expect(counts).toMatchObject({ files: 2, foreignFiles: 1, records: 5001 });
  const gets = server.log.filter(({ operation }) => operation === "GetObject");
  expect(gets.map(({ key, headers }) => `${key} ${headers["range"] ?? "whole"}`).toSorted()).toEqual([
    "beside/large.log bytes=0-65535",
    "exported/large.log bytes=0-65535",
    "exported/large.log whole",
    "exported/small.gz whole",
  ]);
});

test("a large file that is compressed is told by its beginning too", async () => {
  const server = await startS3();
  const noise = randomBytes(300_000).toString("base64");
  server.bucket("logs").put("exported/000000.gz", gzipSync(gzipSync(RECORD.repeat(100) + noise)));
  server.bucket("logs").put("exported/other.gz", gzipSync(gzipSync(`hello\n${noise}`)));
  await expect(digestBy(digesterOf(server), HOUR)).rejects.toThrow("exported/000000.gz, line 101");
});

test("of Parquet, the columns tell", async () => {
  const directory = directoryOf({});
  const wide = "select i as invoice, md5(i::varchar) as hash from range(50000) t(i)";
  await inDuckDB([
    `copy (${wide}) to '${directory}/bill.parquet' (format parquet)`,
    `copy (select 1 as srcport, 'x' as srcaddr) to '${directory}/flow.parquet' (format parquet)`,
  ]);
  const server = await startS3();
  const bucket = server.bucket("logs");
  bucket.put("bill.parquet", readFileSync(`${directory}/bill.parquet`));
  bucket.put("flow.log", RECORD);
  expect((await digestBy(digesterOf(server), HOUR)).counts).toMatchObject({ files: 1, foreignFiles: 1 });
  const [, footer] = server.log.filter(({ key }) => key === "bill.parquet");
  expect(footer?.headers["range"]).toMatch(/^bytes=\d{6,}-/);
  bucket.put("cut.parquet", readFileSync(`${directory}/bill.parquet`).subarray(0, -1));
  await expect(digestBy(digesterOf(server), HOUR)).rejects.toThrow(
    "cut.parquet: expected a sound Parquet file",
  );
});

const object = (key: string): LogObject => ({
  key,
  format: "text",
  named: "otherwise",
  account: undefined,
  version: "1",
  size: 1,
  open: () => {
    throw new Error("not to be opened");
  },
  read: () => Promise.reject(new Error("not to be read")),
});

test("the memory of foreign files is bounded", () => {
  const foreign = new ForeignFiles(2);
  for (const key of ["a", "b", "b", "c"]) foreign.add(object(key));
  expect(["a", "b", "c"].map((key) => foreign.has(object(key)))).toEqual([false, true, true]);
  expect(foreign.has({ ...object("c"), version: "2" })).toBe(false);
});
