import { type Int64s, MAX_INT64, newInt64s, setBigInt64, setInt64 } from "../../edges/int64.js";
import {
  ACTIONS,
  BATCH_ROWS,
  type EdgeBatch,
  FURTHER_COLUMNS,
  type FurtherColumn,
  type Names,
  newBatch,
  partOf,
  NONE,
  SERVER_RULES,
  SERVERS,
  textOf,
} from "../../edges/table.js";
import { CorruptInputError } from "../../errors.js";
import { ACCEPTED, type Aggregation, REJECTED, UNDECIDED } from "../../flow-log/aggregation.js";
import { type Combinations, NO_VALUES } from "../../flow-log/combinations.js";
import { fieldName } from "../../flow-log/fields.js";
import { FURTHER_FIELDS } from "../../flow-log/further-fields.js";
import type { KeyTable } from "../../flow-log/key-table.js";
import { CHUNK_ROWS, chunkOf, type RowChunk, rowInChunk } from "../../flow-log/row-chunk.js";
import {
  ACCOUNT,
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
  ROW_DOUBLES,
  ROW_WORDS,
  SOURCE,
  TRAITS,
} from "../../flow-log/sum-row.js";
import { FLAGS, flagsOf, KNOWN, LOWER, NO_RULE, PEERS, ruleOf } from "../../flow-log/traits.js";

const COLUMNS = ["server", "serverBy", "flows", "tcpFlags", "first", "last", "active"] as const;
const SOURCE_SERVES = SERVERS.indexOf("src");
const DESTINATION_SERVES = SERVERS.indexOf("dst");

/** The codes of the edges' table, by the rules of the sums. */
const SERVER_BY = new Uint8Array(5);
SERVER_BY[NO_RULE] = SERVER_RULES.indexOf("");
SERVER_BY[LOWER] = SERVER_RULES.indexOf("lower");
SERVER_BY[PEERS] = SERVER_RULES.indexOf("peers");
SERVER_BY[KNOWN] = SERVER_RULES.indexOf("known");
SERVER_BY[FLAGS] = SERVER_RULES.indexOf("flags");

const ACTION = new Uint8Array(3);
ACTION[UNDECIDED] = ACTIONS.indexOf("");
ACTION[ACCEPTED] = ACTIONS.indexOf("ACCEPT");
ACTION[REJECTED] = ACTIONS.indexOf("REJECT");

/**
 * Turns the sums of a window, all of which has been read, into edges: the rows of one table after another.
 *
 * @returns a function from a table to its batches, which throws CorruptInputError when a sum is beyond 2^63-1
 */
export function edgesOfSums(aggregation: Aggregation): (table: KeyTable) => Generator<EdgeBatch> {
  const { accounts, interfaces, addresses, combinations } = aggregation;
  const names: Names = { accounts, interfaces, addresses, values: combinations.values };
  const further = FURTHER_COLUMNS.filter((name) => (combinations.fields & (1 << fieldOf(name))) !== 0);
  const [start, end] = [repeated(aggregation.start), repeated(aggregation.end)];
  const whole = newBatch(names, BATCH_ROWS, [...COLUMNS, ...further], { start, end });
  return function* batches(table) {
    for (let from = 0; from < table.size; from += BATCH_ROWS) {
      const rows = Math.min(BATCH_ROWS, table.size - from);
      const batch = rows === BATCH_ROWS ? whole : partOf(whole, 0, rows);
      fill(batch, table, from);
      for (const name of further) fillFurther(batch, name, table, from, combinations);
      yield batch;
    }
  };
}

/** A batch's column of the same number. */
function repeated(value: number): Int64s {
  const column = newInt64s(BATCH_ROWS);
  for (let row = 0; row < BATCH_ROWS; row++) setInt64(column, row, value);
  return column;
}

function fill(batch: EdgeBatch, table: KeyTable, from: number): void {
  for (let row = 0; row < batch.rows; row += CHUNK_ROWS) {
    const chunk = table.chunks[chunkOf(from + row)];
    if (chunk === undefined) throw new RangeError(`no row ${from + row}`);
    fillChunk(batch, row, Math.min(CHUNK_ROWS, batch.rows - row), chunk);
  }
  for (const place of table.units.keys()) {
    const row = Math.floor(place / ROW_DOUBLES) - from;
    if (row < 0 || row >= batch.rows) continue;
    setSum(batch, "packets", row, table.total(from + row, PACKETS));
    setSum(batch, "bytes", row, table.total(from + row, BYTES));
  }
}

/** Fills in the rows of a chunk, whose sums are less than their units here. */
function fillChunk(batch: EdgeBatch, first: number, rows: number, { words, doubles }: RowChunk): void {
  const { account, source, destination, sourcePort, destinationPort, protocol, action, packets, bytes } =
    batch;
  const {
    interface: networkInterface,
    server,
    serverBy,
    flows,
    tcpFlags,
    first: firsts,
    last,
    active,
  } = batch;
  if (!server || !serverBy || !flows || !tcpFlags || !firsts || !last || !active) {
    throw new TypeError("a batch has the columns that it was made with");
  }
  for (let n = 0; n < rows; n++) {
    const row = first + n;
    const at = ROW_WORDS * n;
    account[row] = words[at + ACCOUNT] ?? 0;
    networkInterface[row] = words[at + INTERFACE] ?? 0;
    source[row] = words[at + SOURCE] ?? 0;
    destination[row] = words[at + DESTINATION] ?? 0;
    const ports = words[at + PORTS] ?? 0;
    sourcePort[row] = ports >>> 16;
    destinationPort[row] = ports & 0xffff;
    const kind = words[at + KIND] ?? 0;
    protocol[row] = kind & 0xff;
    action[row] = ACTION[kind >>> 8] ?? 0;
    const traits = words[at + TRAITS] ?? 0;
    // Without a rule it was the log itself that had no port for the other end.
    serverBy[row] = SERVER_BY[ruleOf(traits)] ?? 0;
    server[row] = serverOf(ports);
    tcpFlags[row] = flagsOf(traits) ?? NONE;
    setInt64(flows, row, words[at + FLOWS] ?? 0);
    firsts[row] = words[at + FIRST] ?? 0;
    last[row] = words[at + LAST] ?? 0;
    active[2 * row] = words[at + ACTIVE] ?? 0;
    active[2 * row + 1] = words[at + ACTIVE + 1] ?? 0;
    setInt64(packets, row, doubles[ROW_DOUBLES * n + PACKETS] ?? 0);
    setInt64(bytes, row, doubles[ROW_DOUBLES * n + BYTES] ?? 0);
  }
}

/** The code of the end that serves: the one that has a port. */
function serverOf(ports: number): number {
  if (ports === 0) return 0;
  return ports > 0xffff ? SOURCE_SERVES : DESTINATION_SERVES;
}

/** The number of the field that a column holds. */
function fieldOf(column: FurtherColumn): number {
  return FURTHER_FIELDS.findIndex((field) => field === fieldName(column));
}

function fillFurther(
  { rows, further }: EdgeBatch,
  name: FurtherColumn,
  table: KeyTable,
  from: number,
  combinations: Combinations,
): void {
  const column = further[name];
  if (column === undefined) throw new TypeError("a batch has the columns that it was made with");
  const field = fieldOf(name);
  for (let row = 0; row < rows; row++) {
    const numbers = table.chunks[chunkOf(from + row)]?.combinations;
    column[row] = combinations.valueOf(numbers?.[rowInChunk(from + row)] ?? NO_VALUES, field);
  }
}

function setSum(batch: EdgeBatch, name: "packets" | "bytes", row: number, sum: number | bigint): void {
  const column: Int64s = batch[name];
  if (typeof sum === "number") {
    setInt64(column, row, sum);
  } else if (sum <= MAX_INT64) {
    setBigInt64(column, row, sum);
  } else {
    const { accounts, interfaces, addresses } = batch.names;
    const key = [
      textOf(accounts, batch.account[row] ?? 0),
      textOf(interfaces, batch.interface[row] ?? 0),
      textOf(addresses, batch.source[row] ?? 0),
      textOf(addresses, batch.destination[row] ?? 0),
      batch.sourcePort[row],
      batch.destinationPort[row],
    ].join(" ");
    throw new CorruptInputError(
      `expected ${name} of an edge to sum up to at most ${MAX_INT64}, got ${sum} (${key})`,
    );
  }
}
