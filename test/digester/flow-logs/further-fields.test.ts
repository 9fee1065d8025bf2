import { gzipSync } from "node:zlib";
import { buffer } from "node:stream/consumers";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { FlowLogDigesterOptions } from "../../../src/digester/flow-logs/flow-log-digester.js";
import { FURTHER_COLUMNS } from "../../../src/edges/table.js";
import { toParquet } from "../../../src/edges/to-parquet.js";
import { fieldName } from "../../../src/flow-log/fields.js";
import { FURTHER_FIELDS } from "../../../src/flow-log/further-fields.js";
import { TimeWindow } from "../../../src/window.js";
import { rowsOf, type Row } from "../../edges/rows.js";
import { inDuckDB } from "../../support/duckdb.js";
import { digesterOf, directoryOf } from "./digesting.js";

const HOUR = TimeWindow.parse("2024-06-02T00:00:00Z", "2024-06-02T01:00:00Z");
const START = HOUR.startDate.getTime() / 1000;

/** Values of further fields by their names; null where the log has the field and the record no value. */
type Values = Readonly<Record<string, string | null>>;

/** A record's fields, of one edge unless its port is another. */
function fieldsOf(values: Values, port = 443): [string, string | number | null][] {
  const record = {
    "interface-id": "eni-1",
    srcaddr: "10.0.0.1",
    dstaddr: "10.0.0.2",
    srcport: 20_000 + port,
    dstport: port,
    protocol: 6,
    packets: 1,
    bytes: 40,
    start: START,
    end: START + 60,
  };
  return Object.entries({ ...record, ...values });
}

/** A log with one record in each line, whose header is that of the first. */
function logOf(records: readonly Values[], port?: number): string {
  const all = records.map((values) => fieldsOf(values, port));
  const header = all[0]?.map(([name]) => name).join(" ");
  return `${header}\n${all.map((fields) => `${fields.map(([, value]) => value ?? "-").join(" ")}\n`).join("")}`;
}

async function edges(directory: string, options: Partial<FlowLogDigesterOptions> = {}) {
  const digest = await digesterOf(directory, options).digest(HOUR, new AbortController().signal);
  const rows: Row[] = [];
  async function* noted() {
    for await (const batch of digest.edges) {
      rows.push(...rowsOf(batch));
      yield batch;
    }
  }
  const about = () => ({ window: HOUR, making: "", counts: {} });
  const parquet = await buffer(toParquet(noted(), about));
  return { rows, parquet, counts: digest.counts ?? {} };
}

/** What a log of these files says besides, of the only edge that it has. */
async function furtherOf(files: Record<string, string | Uint8Array>): Promise<Row["further"]> {
  const { rows } = await edges(directoryOf(files));
  expect(rows).toHaveLength(1);
  return rows[0]?.further ?? {};
}

const ALL: Values = {
  "vpc-id": "vpc-0a1b2c3d",
  "subnet-id": "subnet-0a1b2c3d",
  "instance-id": "i-0a1b2c3d",
  "az-id": "use1-az1",
  "flow-direction": "egress",
  "traffic-path": "8",
  "pkt-src-aws-service": "EC2",
  "pkt-dst-aws-service": "S3",
  "ecs-service-name": "shop_web-1",
  "reject-reason": "BPA",
};
const EDGE = Object.fromEntries(
  Object.entries(ALL).map(([name, value]) => [name.replaceAll("-", "_"), value]),
);

test("each column of the table is a field of logs", () => {
  expect(FURTHER_COLUMNS.map(fieldName).toSorted()).toEqual(FURTHER_FIELDS.toSorted());
});

test.each([
  ["all values", [ALL, ALL], EDGE],
  [
    "values that differ, or that a record lacks",
    [ALL, { ...ALL, "flow-direction": "ingress", "instance-id": null }, ALL],
    { ...EDGE, flow_direction: null, instance_id: null },
  ],
  [
    "one field alone, in odd order",
    [{ "traffic-path": "1" }, { "traffic-path": "1" }],
    { traffic_path: "1" },
  ],
  ["a field that no record has a value of", [{ "vpc-id": null }], { vpc_id: null }],
] as [string, Values[], Row["further"]][])(
  "%s: the same in text, JSON and Parquet",
  async (_, records, edge) => {
    expect(await furtherOf({ "flow.log": logOf(records) })).toEqual(edge);
    expect(await furtherOf({ "flow.log.gz": gzipSync(logOf(records)) })).toEqual(edge);

    const objects = records.map((values) => `${JSON.stringify(Object.fromEntries(fieldsOf(values)))}\n`);
    expect(await furtherOf({ "flow.json": objects.join("") })).toEqual(edge);
    const messages = logOf(records).split("\n").slice(0, -1);
    const wrapped = messages.map((message) => JSON.stringify({ message })).join("\n");
    expect(await furtherOf({ "flow.json": wrapped })).toEqual(edge);

    const directory = directoryOf({});
    const rows = records.map((values) => {
      const columns = fieldsOf(values).map(([name, value]) => {
        // As AWS writes it.
        const sql = name === "traffic-path" ? `${value ?? "null"}::int` : sqlOf(value);
        return `${sql} as ${name.replaceAll("-", "_")}`;
      });
      return `select ${columns.join(", ")}`;
    });
    const query = rows.join(" union all ");
    await inDuckDB([`copy (${query}) to '${directory}/flow.parquet' (format parquet)`]);
    expect((await edges(directory)).rows.map(({ further }) => further)).toEqual([edge]);
  },
);

function sqlOf(value: string | number | null): string {
  if (value === null) return "null::varchar";
  return typeof value === "number" ? `${value}::bigint` : `'${value}'`;
}

test("a log without these fields has no such columns", async () => {
  expect(await furtherOf({ "flow.log": logOf([{}, {}]) })).toEqual({});
});

test.each([["a.log"], ["z.log"]])(
  "a file without the field, read first or last, doesn't agree: %s",
  async (name) => {
    const files = { "m.log": logOf([ALL]), [name]: logOf([{ "vpc-id": "vpc-0a1b2c3d" }]) };
    expect(await furtherOf(files)).toEqual({
      ...Object.fromEntries(FURTHER_COLUMNS.map((column) => [column, null])),
      vpc_id: "vpc-0a1b2c3d",
    });
    const plain = { "m.log": logOf([{ "vpc-id": "vpc-1" }]), [name]: logOf([{}]) };
    expect(await furtherOf(plain)).toEqual({ vpc_id: null });
  },
);

test("a log all of whose records are outside the window gives no column", async () => {
  const outside = logOf([ALL]).replaceAll(String(START + 60), String(START + 7200));
  const { rows } = await edges(directoryOf({ "a.log": outside, "b.log": logOf([{}]) }));
  expect(rows.map(({ further }) => further)).toEqual([{}]);
});

test("values that no edge can have are none, and counted: the graph is made all the same", async () => {
  const odd = ["x".repeat(257), "größe", 'a"b'];
  const records: Values[] = [];
  for (const id of odd) records.push({ ...ALL, "vpc-id": id });
  const text = await edges(directoryOf({ "flow.log": logOf(records) }));
  expect(text.rows.map(({ further }) => further)).toEqual([{ ...EDGE, vpc_id: null }]);
  expect(text.counts).toMatchObject({ records: 3, oddValues: 3 });

  const spaced = `${JSON.stringify(Object.fromEntries(fieldsOf({ "vpc-id": "a b" })))}\n`;
  const json = await edges(directoryOf({ "flow.json": spaced }));
  expect(json.rows.map(({ further }) => further)).toEqual([{ vpc_id: null }]);
  expect(json.counts).toMatchObject({ oddValues: 1 });

  const columns = fieldsOf({}).map(([name, value]) => `${sqlOf(value)} as ${name.replaceAll("-", "_")}`);
  const directory = directoryOf({});
  await inDuckDB([
    `copy (select ${columns.join(", ")}, 'a b' as vpc_id, 1.5::double as traffic_path, [1] as subnet_id,
       'use1-az1' as az_id, 'use1-az2' as "azId") to '${directory}/flow.parquet' (format parquet)`,
  ]);
  const parquet = await edges(directory);
  expect(parquet.rows.map(({ further }) => further)).toEqual([
    { vpc_id: null, traffic_path: null, az_id: "use1-az1" },
  ]);
  expect(parquet.counts).toMatchObject({ oddValues: 2 });
});

test("the longest value is kept", async () => {
  const value = "x".repeat(256);
  expect(await furtherOf({ "flow.log": logOf([{ "ecs-service-name": value }]) })).toEqual({
    ecs_service_name: value,
  });
});

const value = fc.constantFrom("a", "b", "longer-than-a-word", null);
const FIELDS = ["vpc-id", "flow-direction", "pkt-dst-aws-service"] as const;
/** A file: the fields that its log has, and its records: port and values. The higher ports aren't known, so their ends are told last. */
const file = fc.record({
  fields: fc.subarray([...FIELDS]),
  records: fc.array(
    fc.record({
      port: fc.constantFrom(443, 22, 39_001, 39_002),
      values: fc.record({ "vpc-id": value, "flow-direction": value, "pkt-dst-aws-service": value }),
    }),
    { minLength: 1, maxLength: 8 },
  ),
});

function byPort(one: { readonly port: number }, other: { readonly port: number }): number {
  return one.port - other.port;
}

test("an oracle agrees on any files, spilled or not, and the bytes are the same", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 6 }), async (files) => {
      const logs = files.map(({ fields, records }, n) => {
        const lines = records.map(({ port, values }) =>
          logOf([Object.fromEntries(fields.map((name) => [name, values[name]]))], port),
        );
        return [`${n}.log`, lines.map((log, at) => (at === 0 ? log : log.split("\n")[1] + "\n")).join("")];
      });
      const directory = directoryOf(Object.fromEntries(logs));
      const whole = await edges(directory);
      const told = files.flatMap(({ fields, records }) =>
        records.map(({ port, values }) => ({
          port,
          values: new Map<string, string | null>(fields.map((name) => [name, values[name]])),
        })),
      );
      const columns = FIELDS.filter((name) => told.some(({ values }) => values.has(name)));
      const expected = [...new Set(told.map(({ port }) => port))].map((port) => {
        const own = told.filter((record) => record.port === port);
        const agreed = columns.map((name): [string, string | null] => {
          const texts = new Set(own.map(({ values }) => values.get(name) ?? null));
          const [text = null] = texts;
          return [name.replaceAll("-", "_"), texts.size === 1 ? text : null];
        });
        return { port, further: Object.fromEntries(agreed), flows: BigInt(own.length) };
      });
      const found = whole.rows.map(({ destinationPort, further, flows }) => ({
        port: destinationPort,
        further,
        flows,
      }));
      expect(found.toSorted(byPort)).toEqual(expected.toSorted(byPort));

      for (const keysInMemory of [1, 2]) {
        const spilled = await edges(directory, { keysInMemory, prefetch: 1 });
        expect(spilled.parquet.equals(whole.parquet)).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});

test("rows in many chunks keep theirs through spilling and memory that is used again", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 6 }, (_, n) => {
      const has = n !== 3;
      const lines = Array.from({ length: 4000 }, (__, at) => {
        // All of one partition.
        const ends = `eni-${at} 10.0.0.${n % 2} 10.1.0.1 0 443 6 1 40 ${START} ${START + 60}`;
        return has ? `${ends} i-${at % 50}` : ends;
      });
      const header = "interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end";
      return [`${n}.log`, `${has ? `${header} instance-id` : header}\n${lines.join("\n")}\n`];
    }),
  );
  const directory = directoryOf(files);
  const whole = await edges(directory);
  const values = whole.rows.map(({ source, further }) => [source, further.instance_id ?? null] as const);
  // One file of the odd ones lacks the field; of the others, all agree.
  expect(values.filter(([source, text]) => (text === null) !== source.endsWith(".1"))).toEqual([]);
  for (const keysInMemory of [10, 3000]) {
    const spilled = await edges(directory, { keysInMemory });
    expect(spilled.counts["spilledRows"]).toBeGreaterThan(0);
    expect(spilled.parquet.equals(whole.parquet)).toBe(true);
  }
});
