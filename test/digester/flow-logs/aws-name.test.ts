import { expect, test } from "vitest";
import { parseAwsName } from "../../../src/digester/flow-logs/aws-name.js";

const STEM = "123456789012_vpcflowlogs_eu-west-1_fl-0a1b_20240601T2355Z_c0ffee01";

test("AWS's name tells account, region, flow log and time", () => {
  expect(parseAwsName(`a/b/${STEM}.log.gz`)).toEqual({
    account: "123456789012",
    region: "eu-west-1",
    flowLog: "fl-0a1b",
    time: Date.UTC(2024, 5, 1, 23, 55),
    identity: STEM.toLowerCase(),
  });
});

test.each([
  ".log",
  ".log.parquet",
  ".log.zst",
  ".log.gz.enc",
  ".log.gz.tmp",
  ".log.gz~",
  " (1).log.gz",
  ".log (12).gz",
  ".log.gz (1)",
  " copy.log.gz",
  " copy 2.log.gz",
  " - Copy.log.gz",
  " - Copy (2).log.gz",
  "",
])("…%s is of the same records as ….log.gz", (rest) => {
  expect(parseAwsName(STEM + rest)?.identity).toBe(STEM.toLowerCase());
  expect(parseAwsName(`Copy of ${STEM}${rest}`)?.identity).toBe(STEM.toLowerCase());
});

test.each(["_part1.log.gz", ".log.gz.001", ".log.gz.aa", "-eu.log.gz"])(
  "…%s is AWS's too, but a file of its own",
  (rest) => {
    expect(parseAwsName(STEM + rest)).toMatchObject({ flowLog: "fl-0a1b" });
    expect(parseAwsName(STEM + rest)?.identity).not.toBe(STEM.toLowerCase());
  },
);

test.each([
  "flow.log.gz",
  STEM.replace("vpcflowlogs", "elasticloadbalancing"),
  STEM.replace("Z_c0ffee01", "Z"),
  STEM.replace("T2355Z", ""),
  `9${STEM}.log.gz`,
])("%s isn't AWS's", (name) => {
  expect(parseAwsName(name)).toBeUndefined();
});
