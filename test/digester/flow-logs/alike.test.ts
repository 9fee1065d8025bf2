import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { TimeWindow } from "../../../src/window.js";
import { digest, directoryOf } from "./digesting.js";
import { parquetOf, select } from "./parquet-files.js";

const record = (address: string, status = "ACCEPT OK") =>
  `2 123456789012 eni-1 ${address} 10.0.0.2 40000 443 6 3 300 1717243260 1717243320 ${status}\n`;
const RECORD = record("10.0.0.1");
const AWS_NAME = "123456789012_vpcflowlogs_us-east-1_fl-1_20240601T1200Z_0a1b2c3d";
const FIREHOSE = "PUT-S3-1-2024-06-01-12-02-05-5f3c1f6a";
const TWICE = [
  expect.stringMatching(/^1 file begins with the same records .* count twice.*FLOW_LOG_EXCLUDE/),
];

async function warningsOf(
  files: Record<string, string | Uint8Array>,
  window?: TimeWindow,
): Promise<readonly string[]> {
  return (await digest(directoryOf(files), window)).warnings;
}

describe("what was read twice is warned of", () => {
  test.each<[string, Record<string, string | Uint8Array>]>([
    [
      "an export made twice",
      { "u1/eni-1-all/000000.gz": gzipSync(RECORD), "u2/eni-1-all/000000.gz": gzipSync(RECORD) },
    ],
    ["a replica of what Firehose wrote", { [FIREHOSE]: RECORD, [`replica/${FIREHOSE}`]: RECORD }],
    ["a file unpacked beside itself", { "flows.log": RECORD, "flows.log.gz": gzipSync(RECORD) }],
    [
      "AWS's file and a renamed one",
      { [`${AWS_NAME}.log.gz`]: gzipSync(RECORD), "old/flows.gz": gzipSync(RECORD) },
    ],
    ...["_1.log.gz", ".log.gz.1", " (copy).log.gz", " - Kopie.log.gz", ".log.gz.AbCd1234"].map(
      (rest): [string, Record<string, Uint8Array>] => [
        rest,
        { [`${AWS_NAME}.log.gz`]: gzipSync(RECORD), [`${AWS_NAME}${rest}`]: gzipSync(RECORD) },
      ],
    ),
  ])("%s", async (_, files) => {
    expect(await warningsOf(files)).toEqual(TWICE);
  });

  test("Parquet", async () => {
    const parquet = readFileSync(`${await parquetOf(select())}/flow.parquet`);
    expect(await warningsOf({ "a.parquet": parquet, "b/a.parquet": parquet })).toEqual(TWICE);
  });
});

describe("what only seems alike isn't", () => {
  const HEADER =
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n";
  test.each<[string, Record<string, string>]>([
    ["the same header", { a: HEADER + RECORD, b: HEADER + record("10.0.0.3") }],
    ["headers alone", { a: HEADER, b: HEADER }],
    ["no traffic", { a: record("-", "- NODATA"), b: record("-", "- NODATA") }],
  ])("%s", async (_, files) => {
    expect(await warningsOf(files)).toEqual([]);
  });

  test("records of another window", async () => {
    const window = TimeWindow.parse("2024-06-01T13:00:00Z", "2024-06-01T14:00:00Z");
    expect(await warningsOf({ a: RECORD, b: RECORD }, window)).toEqual([]);
  });
});
