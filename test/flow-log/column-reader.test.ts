import * as fc from "fast-check";
import { expect, test } from "vitest";
import { edgesOfSums } from "../../src/digester/flow-logs/edges-of-sums.js";
import { BLOCK_ROWS, ColumnKernel } from "../../src/flow-log/column-kernel.js";
import { ColumnReader } from "../../src/flow-log/column-reader.js";
import type { AddressChoice } from "../../src/flow-log/columns.js";
import { viewOf } from "../../src/flow-log/data-view.js";
import { NONE, ODD, UNKNOWN } from "../../src/flow-log/codes.js";
import { type FieldColumn, textCoderOf } from "../../src/flow-log/field-column.js";
import { RecordIntake } from "../../src/flow-log/record.js";

const END = 1_418_530_070;
const WINDOW = { startDate: new Date((END - 1800) * 1000), stopDate: new Date((END + 1800) * 1000) };

const number = (...values: number[]) => fc.constantFrom(...values, 1, 443, 40_000);
const text = (...values: string[]) => fc.constantFrom(...values);
const FIELDS = {
  version: number(2, 999, 1000, NONE),
  "account-id": text("123456789010", "unknown", "-", "é"),
  "interface-id": text("eni-1", "eni-2", "-"),
  srcaddr: text("10.0.0.1", "10.0.0.2", "2001:db8::1", "-", "nowhere"),
  dstaddr: text("10.0.0.1", "10.0.0.3", "-"),
  "pkt-srcaddr": text("192.0.2.1", "-"),
  srcport: number(65_535, 65_536, NONE),
  dstport: number(80, ODD),
  protocol: number(6, 17, 255, 256),
  packets: number(0, 99, ODD),
  bytes: number(99, 10 ** 15 - 1),
  start: number(END - 60, END + 4000, 10 ** 9 - 1),
  end: number(END, END - 1801, END + 1800, END - 1800, END + 1799, ODD),
  action: text("ACCEPT", "REJECT", "-", "accept"),
  "log-status": text("OK", "NODATA", "SKIPDATA", "ok"),
  "tcp-flags": number(0, 2, 18, 255, 256, NONE, ODD),
  "vpc-id": text("vpc-1", "vpc-2", "-"),
  "flow-direction": text("ingress", "egress", "-", "é"),
};
type Records = readonly Readonly<Record<keyof typeof FIELDS, number | string>>[];
const OPTIONAL = ["version", "account-id", "interface-id", "action", "log-status"] as const;
const FURTHER = ["tcp-flags", "vpc-id", "flow-direction", "pkt-srcaddr"] as const;

/** What comes of records in columns: the edges, the counts, and which of them were unusual. */
function taken(
  records: Records,
  fields: readonly (keyof typeof FIELDS)[],
  addresses: AddressChoice,
  take: (reader: ColumnReader, other: (row: number) => void) => void,
): unknown {
  const intake = new RecordIntake(WINDOW);
  const kernel = ColumnKernel.take();
  const columns = fields.map((field, index): [string, FieldColumn] => {
    const block = kernel.blocks[index] ?? new Float64Array(BLOCK_ROWS);
    const coder = textCoderOf(field, intake);
    const values = records.map((record) => record[field]);
    block.set(values.map((value) => (typeof value === "number" ? value : UNKNOWN)));
    const look = (row: number) => {
      const bytes = Buffer.from(String(values[row]));
      return coder?.code(viewOf(bytes), 0, bytes.length) ?? ODD;
    };
    return [field, { block, look }];
  });
  const unusual: number[] = [];
  take(new ColumnReader(intake, addresses, new Map(columns), kernel), (row) => unusual.push(row));
  kernel.giveBack();
  intake.close();
  const { aggregation, counts } = intake;
  const { accounts, interfaces, addresses: texts, start, end, hasHandshakes } = aggregation;
  const sizes = [accounts, interfaces, texts, aggregation.combinations].map(({ size }) => size);
  const batches = edgesOfSums(aggregation);
  const edges = [...aggregation.decided, ...aggregation.open].flatMap((table) =>
    [...batches(table)].map((batch) => JSON.stringify(batch, (key, value) => (key === "names" ? "" : value))),
  );
  return { edges, counts, unusual, sizes, start, end, hasHandshakes };
}

test("the kernel takes what is taken one by one, in the same way", () => {
  const any = fc.tuple(
    fc.array(fc.record(FIELDS), { minLength: 1, maxLength: 40 }),
    fc.subarray([...OPTIONAL, ...FURTHER]),
    fc.constantFrom<AddressChoice>("interface", "packet"),
  );
  const required = [
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
  ] as const;
  fc.assert(
    fc.property(any, ([records, optional, addresses]) => {
      const fields = [...optional, ...required];
      const all = taken(records, fields, addresses, (reader, other) => reader.takeAll(records.length, other));
      const each = taken(records, fields, addresses, (reader, other) => {
        for (const row of records.keys()) if (!reader.take(row)) other(row);
      });
      expect(all).toEqual(each);
    }),
  );
});
