import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { AddressChoice } from "../../src/flow-log/columns.js";
import { DEFAULT_FORMAT } from "../../src/flow-log/fields.js";
import { RecordIntake } from "../../src/flow-log/record.js";
import { TextReader } from "../../src/flow-log/text-reader.js";
import { read } from "./reading.js";

const ACCOUNTS = ["123456789010", "210987654321", "unknown"];
const VPCS = ["vpc-1", "vpc-0123456789abcdef0", "-"];
const ADDRESS_TEXTS = ["10.0.0.1", "10.0.0.2", "1.1.1.1", "255.255.255.255", "2001:db8::1", "::", "-"];
const END = 1_418_530_070;

const number = (max: number) =>
  fc.oneof(fc.integer({ min: 0, max }), fc.constantFrom(0, 7, 80, 443, 40_000, max)).map(String);
const FIELDS = {
  version: fc.constantFrom("2", "5", "10", "999"),
  "account-id": fc.constantFrom(...ACCOUNTS),
  "interface-id": fc.constantFrom("eni-1", "eni-0123456789abcdef0", `eni-${"a".repeat(60)}`),
  srcaddr: fc.constantFrom(...ADDRESS_TEXTS),
  dstaddr: fc.constantFrom(...ADDRESS_TEXTS, "2001:db8:1111:2222:3333:4444:5555:6666"),
  "pkt-srcaddr": fc.constantFrom("192.0.2.1", "-"),
  srcport: number(65_535),
  dstport: number(65_535),
  protocol: number(255),
  packets: number(99_999),
  bytes: fc.bigInt({ min: 100_000n, max: 999_999_999_999_999n }).map(String),
  start: fc.integer({ min: END - 60, max: END + 1000 }).map(String),
  end: fc.oneof(fc.constant(END), fc.integer({ min: END - 4000, max: END + 4000 })).map(String),
  action: fc.constantFrom("ACCEPT", "REJECT", "-"),
  "log-status": fc.oneof(
    { arbitrary: fc.constantFrom("OK", "OK", "OK", "OK", "NODATA", "SKIPDATA"), weight: 60 },
    { arbitrary: fc.constantFrom("ok", "NODATE", "SKIPDATE"), weight: 1 },
  ),
  "tcp-flags": fc.constantFrom("0", "2", "3", "18", "19", "255", "-"),
  "vpc-id": fc.constantFrom(...VPCS),
  "flow-direction": fc.constantFrom("ingress", "egress", "-"),
  "some-later-field": fc.constantFrom("what%20ever", "\u00e9"),
};
const OPTIONAL = ["pkt-srcaddr", "tcp-flags", "vpc-id", "flow-direction", "some-later-field"];

const formats = fc
  .subarray(OPTIONAL)
  .chain((more) => fc.shuffledSubarray([...DEFAULT_FORMAT, ...more], { minLength: 14 + more.length }));

test("records whose texts were met before are taken as the obvious path takes them", () => {
  const any = fc.tuple(
    formats,
    fc.array(fc.record(FIELDS), { minLength: 1, maxLength: 12 }),
    fc.constantFrom<AddressChoice>("interface", "packet"),
    fc.constantFrom(undefined, new Set(ACCOUNTS.slice(0, 1))),
    fc.constantFrom(undefined, new Set(VPCS.slice(0, 1))),
    fc.constantFrom("\n", "\r\n", "\n\n"),
  );
  fc.assert(
    fc.property(any, ([format, records, addresses, accounts, vpcs, newline]) => {
      const values = records.map((record): Record<string, string> => record);
      // Without the field it can't be told whose a record is.
      const selection = {
        ...(accounts && { accounts }),
        ...(vpcs && format.includes("vpc-id") && { vpcs }),
      };
      const text = (end: string) => {
        const lines = values.map((record) => format.map((name) => record[name] ?? "").join(" ") + end);
        return [format.join(" "), ...lines, ...lines, ...lines.toReversed(), ""].join(newline);
      };
      const outcome = (end: string) => {
        try {
          return read([text(end)], addresses, DEFAULT_FORMAT, [], selection);
        } catch (error) {
          return String(error).replace(/, in ".*/, "");
        }
      };
      // A trailing space sends a line the obvious path.
      expect(outcome("")).toEqual(outcome(" "));
    }),
    { numRuns: 300 },
  );
});

const LINE = "2 123456789010 eni-1 10.0.0.1 10.0.0.2 40000 443 6 3 300 1418530010 1418530070 ACCEPT OK\n";
const window = {
  startDate: new Date("2014-12-14T04:00:00Z"),
  stopDate: new Date("2014-12-14T05:00:00Z"),
};

test("usual lines are taken by the kernel, from the second on", () => {
  const intake = new RecordIntake(window);
  const reader = new TextReader("flow.log", intake, { fields: DEFAULT_FORMAT, addresses: "interface" });
  reader.push(Buffer.from(LINE));
  expect(intake.lines.lines).toBe(0);
  reader.push(Buffer.from(LINE.repeat(3)));
  // The last call found nothing more to take.
  expect(intake.lines.take(8, 8 + LINE.length * 3 - 1)).toBeGreaterThan(8);
  expect(intake.lines.lines).toBe(2);
  expect(intake.counts.records).toBe(4);
  intake.close();
});

test("lines that tell of no traffic are taken by the kernel, from the first on", () => {
  const intake = new RecordIntake(window);
  const reader = new TextReader("flow.log", intake, { fields: DEFAULT_FORMAT, addresses: "interface" });
  const empty = "2 123456789010 eni-1 - - - - - - - 1418530010 1418530070 - ";
  const text = `${empty}NODATA\n${empty}SKIPDATA\n${empty}NODATA\n`;
  reader.push(Buffer.from(text));
  expect(intake.counts).toMatchObject({ records: 3, nodata: 2, skipdata: 1 });
  expect(intake.lines.take(8, 8 + text.length - 1)).toBe(8 + 2 * (empty.length + 7) + 2);
  expect(intake.lines.nodata).toBe(1);
  intake.close();
});

test("more texts than it has room for are met anew", () => {
  const intake = new RecordIntake(window);
  const reader = new TextReader("flow.log", intake, { fields: DEFAULT_FORMAT, addresses: "interface" });
  const lines = Array.from({ length: 2 ** 17 + 2 }, (_, number) =>
    LINE.replace("10.0.0.1", `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`),
  );
  for (let round = 0; round < 2; round++) reader.push(Buffer.from(lines.join("")));
  expect(intake.counts.records).toBe(2 * lines.length);
  expect(intake.aggregation.decided.reduce((sum, { size }) => sum + size, 0)).toBe(lines.length);
  intake.close();
});
