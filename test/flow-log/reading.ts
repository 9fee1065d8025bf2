import type { AddressChoice } from "../../src/flow-log/columns.js";
import { digestLines } from "../../src/flow-log/digest-lines.js";
import { DEFAULT_FORMAT } from "../../src/flow-log/fields.js";
import { Peers } from "../../src/flow-log/peers.js";
import { RecordIntake } from "../../src/flow-log/record.js";
import { TextReader } from "../../src/flow-log/text-reader.js";

const WINDOW = {
  startDate: new Date("2014-12-14T04:00:00Z"),
  stopDate: new Date("2014-12-14T05:00:00Z"),
};

interface Reading {
  readonly lines: string[];
  readonly counts: RecordIntake["counts"];
}

/** What is digested of a text that arrives in these pieces, its lines sorted unless told otherwise. */
export function read(
  pieces: readonly (string | Uint8Array)[],
  addresses: AddressChoice = "interface",
  fields: readonly string[] = DEFAULT_FORMAT,
  others: readonly (readonly string[])[] = [],
  accounts?: ReadonlySet<string>,
  order: "sorted" | "as written" = "sorted",
): Reading {
  const intake = new RecordIntake(WINDOW);
  intake.accounts = accounts;
  const reader = new TextReader("flow.log", intake, { fields, others, addresses });
  for (const piece of pieces) reader.push(Buffer.from(piece));
  reader.end();
  const { open } = intake.aggregation;
  const peers = new Peers(open.reduce((sum, { size }) => sum + size, 0));
  for (const table of open) Array.from(peers.sketch(table));
  for (const table of open) Array.from(peers.count(table));
  for (const table of open) Array.from(intake.aggregation.settle(table, peers));
  const blocks = intake.aggregation.decided.flatMap((table) => [...digestLines(intake.aggregation, table)]);
  const lines = Buffer.concat(blocks).toString("latin1").split("\n").slice(0, -1);
  return { lines: order === "sorted" ? lines.toSorted() : lines, counts: intake.counts };
}
