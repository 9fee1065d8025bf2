import { lineOf } from "../support/digest-body.js";
import type { AddressChoice } from "../../src/flow-log/columns.js";
import type { ByteTable } from "../../src/flow-log/byte-table.js";
import { viewOf } from "../../src/flow-log/data-view.js";
import type { KeyTable } from "../../src/flow-log/key-table.js";
import { chunkOf, rowInChunk } from "../../src/flow-log/row-chunk.js";
import {
  ACTIVE,
  BYTES,
  DESTINATION,
  FIRST,
  FLOWS,
  INTERFACE,
  KIND,
  LAST,
  PACKETS,
  PORTS,
  ROW_WORDS,
  SOURCE,
  TRAITS,
} from "../../src/flow-log/sum-row.js";
import { flagsOf, ruleOf } from "../../src/flow-log/traits.js";
import { edgesOfSums } from "../../src/digester/flow-logs/edges-of-sums.js";
import { DEFAULT_FORMAT } from "../../src/flow-log/fields.js";
import { Endpoints } from "../../src/flow-log/endpoints.js";
import { RecordIntake } from "../../src/flow-log/record.js";
import { TextReader } from "../../src/flow-log/text-reader.js";

const WINDOW = {
  startDate: new Date("2014-12-14T04:00:00Z"),
  stopDate: new Date("2014-12-14T05:00:00Z"),
};

interface Reading {
  readonly lines: string[];
  /** What rows tell besides, sorted. */
  readonly sums: Sums[];
  readonly counts: RecordIntake["counts"];
}

interface Sums {
  readonly key: string;
  readonly flows: number | undefined;
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly active: bigint;
  readonly flags: number | undefined;
  readonly rule: number;
  readonly packets: number | bigint;
  readonly bytes: number | bigint;
}

function sumsOf({ aggregation }: RecordIntake, table: KeyTable): Sums[] {
  const bytes = Buffer.alloc(512);
  const nameOf = (names: ByteTable, number = 0) =>
    bytes.toString("latin1", 0, names.copy(number, viewOf(bytes), 0));
  return Array.from({ length: table.size }, (_, row) => {
    const words =
      table.chunks[chunkOf(row)]?.words.subarray(ROW_WORDS * rowInChunk(row)) ?? new Uint32Array(0);
    const [ports = 0, traits = 0, low = 0, high = 0] = [PORTS, TRAITS, ACTIVE, ACTIVE + 1].map(
      (at) => words[at],
    );
    const kind = words[KIND] ?? 0;
    const port = nameOf(aggregation.interfaces, words[INTERFACE]);
    const address = (at: number) => nameOf(aggregation.addresses, words[at]);
    return {
      key: `${port} ${address(SOURCE)}:${ports >>> 16} ${address(DESTINATION)}:${ports & 0xffff} ${kind & 0xff} ${kind >>> 8}`,
      flows: words[FLOWS],
      first: words[FIRST],
      last: words[LAST],
      active: BigInt(low) | (BigInt(high) << 32n),
      flags: flagsOf(traits),
      rule: ruleOf(traits),
      packets: table.total(row, PACKETS),
      bytes: table.total(row, BYTES),
    };
  });
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** What is digested of a text that arrives in these pieces, its lines sorted unless told otherwise. */
export function read(
  pieces: readonly (string | Uint8Array)[],
  addresses: AddressChoice = "interface",
  fields: readonly string[] = DEFAULT_FORMAT,
  others: readonly (readonly string[])[] = [],
  { accounts, vpcs }: { accounts?: ReadonlySet<string>; vpcs?: ReadonlySet<string> } = {},
  order: "sorted" | "as written" = "sorted",
): Reading {
  const intake = new RecordIntake(WINDOW, vpcs);
  intake.accounts = accounts;
  const reader = new TextReader("flow.log", intake, { fields, others, addresses });
  for (const piece of pieces) reader.push(Buffer.from(piece));
  reader.end();
  const { open, decided } = intake.aggregation;
  const endpoints = new Endpoints(open.reduce((sum, { size }) => sum + size, 0));
  for (const table of open) Array.from(endpoints.sketch(table));
  for (const table of open) Array.from(endpoints.count(table));
  for (const table of decided) Array.from(endpoints.heed(table));
  for (const table of open) Array.from(intake.aggregation.settle(table, endpoints));
  const batches = edgesOfSums(intake.aggregation);
  const lines = decided.flatMap((table) =>
    [...batches(table)].flatMap((batch) =>
      Array.from({ length: batch.rows }, (_, row) => lineOf(batch, row)),
    ),
  );
  const sums = decided.flatMap((table) => sumsOf(intake, table));
  intake.close();
  return {
    sums: sums.toSorted((one, other) => compare(one.key, other.key)),
    lines: order === "sorted" ? lines.toSorted() : lines,
    counts: intake.counts,
  };
}
