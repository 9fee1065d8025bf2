import { expect, test } from "vitest";
import { z } from "zod";
import { S3_SETTLE_MS } from "../../../src/digester/flow-logs/bucket-settings.js";
import { flowLogOptions, flowLogSettings } from "../../../src/digester/flow-logs/settings.js";
import { DEFAULT_FORMAT } from "../../../src/flow-log/fields.js";
import { formatsOf } from "../../../src/flow-log/line-layout.js";

const USABLE = "srcaddr dstaddr srcport dstport protocol packets bytes start end"
  .split(" ")
  .map((field) => `\${${field}}`)
  .join(" ");
const settings = z.object(flowLogSettings);

test("by default, files without a header are in the default format", () => {
  expect(settings.parse({}).FLOW_LOG_FORMAT).toEqual([DEFAULT_FORMAT]);
});

test("a format is what AWS's console shows", () => {
  const fields = "srcaddr dstaddr srcport dstport protocol packets bytes start end traffic-path".split(" ");
  const text = fields.map((field) => `\${${field}}`).join(" ");
  expect(settings.parse({ FLOW_LOG_FORMAT: text }).FLOW_LOG_FORMAT).toEqual([fields]);
});

test.each([
  ["srcaddr dstaddr", "in AWS's notation"],
  ["${srcaddr}|${dstaddr}", "in AWS's notation"],
  ["${srcaddr},", "in AWS's notation"],
  [`${USABLE};${USABLE.split(" ").toReversed().join(" ")}`, "got two of 9"],
  [`${USABLE}, \${srcaddr}`, "srcport, dstport, protocol, packets"],
  ["${srcaddr} ${pkt-dstaddr} ${start} ${end} ${bytes} ${packets}", "srcport, dstport, protocol as well"],
])("a wrong format is refused: %s", (FLOW_LOG_FORMAT, message) => {
  expect(settings.safeParse({ FLOW_LOG_FORMAT }).error?.message).toContain(message);
});

test("formats are separated by commas or semicolons, and AWS's own are known besides, but for their widths", () => {
  const parsed = settings.parse({
    FLOW_LOG_FORMAT: `${USABLE}; ${USABLE} \${vpc_id} ,\n${USABLE} \${a} \${b} \${c} \${d} \${e} `,
  });
  const { format } = flowLogOptions(parsed);
  const widths = formatsOf(format).map(({ length }) => length);
  expect(widths).toEqual([9, 10, 14, 36]);
  expect(format.others?.[0]?.at(-1)).toBe("vpc-id");
  expect(format.others?.[1]?.at(-1)).toBe("e");
});

test("accounts and regions are lists", () => {
  const parsed = settings.parse({
    FLOW_LOG_ACCOUNTS: "123456789012, 210987654321",
    FLOW_LOG_REGIONS: "us-gov-west-1",
  });
  expect(parsed.FLOW_LOG_ACCOUNTS).toEqual(new Set(["123456789012", "210987654321"]));
  expect(parsed.FLOW_LOG_REGIONS).toEqual(new Set(["us-gov-west-1"]));
  expect(settings.safeParse({ FLOW_LOG_ACCOUNTS: "12", FLOW_LOG_REGIONS: "" }).error?.issues).toHaveLength(2);
});

test("ids of flow logs are a list, and patterns too, in which a comma within braces parts none", () => {
  const parsed = settings.parse({
    FLOW_LOG_IDS: "fl-0a1b2c3d, fl-1",
    FLOW_LOG_INCLUDE: "AWSLogs/**",
    FLOW_LOG_EXCLUDE: "athena-results/**, *.{csv,json}",
  });
  expect(parsed.FLOW_LOG_IDS).toEqual(new Set(["fl-0a1b2c3d", "fl-1"]));
  expect(parsed.FLOW_LOG_INCLUDE).toEqual(["AWSLogs/**"]);
  expect(parsed.FLOW_LOG_EXCLUDE).toEqual(["athena-results/**", "*.{csv,json}"]);
  const wrong = settings.safeParse({ FLOW_LOG_IDS: "vpc-1", FLOW_LOG_INCLUDE: "", FLOW_LOG_EXCLUDE: "a,,b" });
  expect(wrong.error?.issues).toHaveLength(3);
});

test("logs on S3 are waited for longer than stragglers have been seen to take", () => {
  expect(flowLogOptions(settings.parse({}), S3_SETTLE_MS).settleMs).toBe(20 * 60_000);
  expect(flowLogOptions(settings.parse({ FLOW_LOG_SETTLE: "1m" }), S3_SETTLE_MS).settleMs).toBe(60_000);
});
