import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { bodyOf } from "../../support/digest-body.js";
import { inDuckDB } from "../../support/duckdb.js";
import { TimeWindow } from "../../../src/window.js";
import { digest, digesterOf, directoryOf } from "./digesting.js";

const HOUR = TimeWindow.parse("2024-06-02T00:00:00Z", "2024-06-02T01:00:00Z");
const FIELDS =
  "interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end tcp-flags".split(" ");
const START = HOUR.startDate.getTime() / 1000;

/** A call whose caller alone has a port that could be a service's: nothing but flags tells. */
const CALL = ["eni-1", "10.0.0.1", "10.0.0.2", 443, 50_051, 6, 1, 40, START, START + 60, 2];
const SERVED = [`2 - eni-1 10.0.0.1 10.0.0.2 0 50051 6 1 40 ${START} ${START + 60} - OK`];

test("flags tell it in text, JSON and Parquet", async () => {
  const lines = `${FIELDS.join(" ")}\n${CALL.join(" ")}\n`;
  expect((await digest(directoryOf({ "flow.log": lines }))).lines).toEqual(SERVED);

  const record = Object.fromEntries(FIELDS.map((field, at) => [field, CALL[at]]));
  const json = `${JSON.stringify(record)}\n`;
  expect((await digest(directoryOf({ "flow.json": json }))).lines).toEqual(SERVED);

  const directory = directoryOf({});
  const columns = FIELDS.map((field, at) => {
    const value = CALL[at];
    return `${typeof value === "number" ? value : `'${value}'`} as ${field.replaceAll("-", "_")}`;
  });
  await inDuckDB([`copy (select ${columns.join(", ")}) to '${directory}/flow.parquet' (format parquet)`]);
  expect((await digest(directory)).lines).toEqual(SERVED);
});

/** Files of calls of services on high ports, whose handshakes are in other files than the rest. */
function files(): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: 12 }, (_, file) => {
      const lines = Array.from({ length: 200 }, (__, n) => {
        const client = `10.0.1.${(file * 7 + n) % 40}`;
        const server = `10.0.0.${n % 5}`;
        const port = 40_000 + (((file * 200 + n) * 7919) % 20_000);
        const service = n % 3 === 0 ? 443 : 50_000 + (n % 5);
        const flags = file % 4 === 0 ? 2 : 0;
        const ends =
          n % 2 === 0 || flags === 2 ? [client, server, port, service] : [server, client, service, port];
        return ["eni-1", ...ends, 6, 1, 40, START + n, START + n + 60, n % 7 === 0 ? "-" : flags].join(" ");
      });
      return [`${String(file).padStart(2, "0")}.log`, `${FIELDS.join(" ")}\n${lines.join("\n")}\n`];
    }),
  );
}

test("the same objects give the same bytes, however many are opened at once and however little is kept in memory", async () => {
  const directory = directoryOf(files());
  const digestWith = async (prefetch: number, keysInMemory: number) => {
    const digester = digesterOf(directory, { prefetch, keysInMemory });
    const digest = await digester.digest(HOUR, new AbortController().signal);
    return { bytes: await text(bodyOf(digest)), spilled: digest.counts?.["spilledRows"] };
  };
  const whole = await digestWith(1, 1_000_000);
  expect(whole.spilled).toBe(0);
  // Every service is told, and no client: an edge has the port of a service.
  const ports = whole.bytes
    .trimEnd()
    .split("\n")
    .map((line) => line.split(" ").slice(5, 7).map(Number));
  expect(
    ports.every(
      ([source = 0, destination = 0]) =>
        source + destination === 443 || (source + destination >= 50_000 && source + destination < 50_005),
    ),
  ).toBe(true);
  for (const [prefetch, keysInMemory] of [
    [8, 1_000_000],
    [1, 1],
    [8, 1],
    [3, 100],
  ] as const) {
    const { bytes, spilled } = await digestWith(prefetch, keysInMemory);
    expect(bytes).toBe(whole.bytes);
    if (keysInMemory < 1000) expect(spilled).toBeGreaterThan(0);
  }
});

test("the handshake of a record that is decided at once tells of others, in memory and spilled", async () => {
  const times = `6 1 40 ${START} ${START + 60}`;
  const directory = directoryOf({
    "flow.log": `${FIELDS.join(" ")}
eni-1 10.0.0.2 10.0.0.1 9090 8080 ${times} 0
eni-1 10.0.0.3 10.0.0.2 40000 9090 ${times} 2
`,
  });
  for (const keysInMemory of [1, 1000]) {
    expect((await digest(directory, HOUR, { keysInMemory })).lines).toEqual([
      `2 - eni-1 10.0.0.2 10.0.0.1 9090 0 6 1 40 ${START} ${START + 60} - OK`,
      `2 - eni-1 10.0.0.3 10.0.0.2 0 9090 6 1 40 ${START} ${START + 60} - OK`,
    ]);
  }
});
