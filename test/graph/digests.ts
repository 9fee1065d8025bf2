import { gunzipSync } from "node:zlib";
import * as fc from "fast-check";
import { digestToGzip } from "../../src/graph/digest-to-gzip.js";
import { newStats, type GraphStats } from "../../src/graph/stats.js";

export interface Row {
  readonly account: string;
  readonly interface: string;
  readonly source: string;
  readonly destination: string;
  /** srcport, dstport, protocol, packets, bytes, start, end. */
  readonly numbers: readonly string[];
  readonly action: string;
}

const PRINTABLE = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)).filter(
  (c) => c !== '"',
);

// Backslashes and what may follow them are what escaping is about: half of the tokens are made of little else.
const token = fc.oneof(
  fc.constantFrom("123456789010", "eni-0a1b2c3d4e5f60718", "-", "unknown"),
  fc.string({ unit: fc.constantFrom("\\", "n", "N", "]", "=", "a"), minLength: 1, maxLength: 8 }),
  fc.string({ unit: fc.constantFrom(...PRINTABLE), minLength: 1, maxLength: 256 }),
);

const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  // Few enough that they come again, and look alike without their dots and colons.
  fc.constantFrom(
    "1.11.1.1",
    "11.1.1.1",
    "1.1.11.1",
    "::1",
    "::11",
    "1::1",
    "2001:db8::1",
    "2001:DB8::1",
    "::ffff:1.2.3.4",
  ),
);

const port = fc.integer({ min: 0, max: 65_535 }).map(String);
const count = fc.oneof(
  fc.integer({ min: 0, max: 100 }).map(String),
  fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String),
  fc.constantFrom("9223372036854775807", "999999999999999999", "1000000000000000000"),
);
/** What a digest sums up may be more than 63 bits hold. */
const sum = fc.oneof(
  count,
  fc.bigInt({ min: 0n, max: 2n ** 105n - 1n }).map(String),
  fc.constantFrom("9223372036854775808", "40564819207303340847894502572031"),
);

export const row: fc.Arbitrary<Row> = fc.record({
  account: token,
  interface: token,
  source: address,
  destination: address,
  numbers: fc.tuple(port, port, fc.integer({ min: 0, max: 255 }).map(String), sum, sum, count, count),
  action: fc.constantFrom("ACCEPT", "REJECT"),
});

export function lineOf({ account, interface: eni, source, destination, numbers, action }: Row): string {
  return ["2", account, eni, source, destination, ...numbers, action, "OK"].join(" ");
}

/** Ways to write a line that mean the same. The first is the usual one, the others take the slow path. */
export const spellings: readonly ((row: Row) => string)[] = [
  (row) => `${lineOf(row)}\n`,
  (row) => `${lineOf(row)}\r\n`,
  (row) => `${lineOf(row)}  \n`,
  (row) => `${lineOf(row)} \r\n`,
  (row) => `${lineOf({ ...row, action: row.action.toLowerCase() })}\n`,
  // No action is drawn as an accepted one.
  (row) => `${lineOf({ ...row, action: row.action === "ACCEPT" ? "-" : "Reject" })}\n`,
  (row) => `${lineOf(row).replace(/OK$/, "Ok")}\n`,
];

/** The gzipped DOT of a digest that comes in the given chunks, in Latin 1. */
export async function gzipOf(
  chunks: Iterable<string | Buffer>,
  stats: GraphStats = newStats(),
): Promise<Buffer> {
  const blocks: Buffer[] = [];
  async function* source(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield typeof chunk === "string" ? Buffer.from(chunk, "latin1") : chunk;
  }
  for await (const block of digestToGzip(stats)(source())) blocks.push(block);
  return Buffer.concat(blocks);
}

export async function dotOf(chunks: Iterable<string | Buffer>, stats = newStats()): Promise<string> {
  return gunzipSync(await gzipOf(chunks, stats)).toString("latin1");
}
