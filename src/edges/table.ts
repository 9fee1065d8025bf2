import { newAddressTable } from "../flow-log/address.js";
import type { ByteTable } from "../flow-log/byte-table.js";
import { newNameTable } from "../flow-log/name-table.js";
import { OVERRUN_BYTES, viewOf } from "../flow-log/data-view.js";
import { newInt64s, type Int64s } from "./int64.js";

/**
 * The table in the middle. A graph is a table of edges, one row an edge, in the order of its DOT. It flows from whoever
 * reads (flow logs, Parquet, DOT) to whoever writes (DOT, Parquet) or computes (views, findings) as a stream of batches: some
 * thousand rows each, as columns in typed arrays, strings as numbers into tables that all batches of a graph share.
 *
 * - Batches are fresh: nobody changes one that was handed on, so that it may be kept. Columns may be views of larger
 *   arrays. Each has `rows` entries, 64-bit ones two words a row (`Int64s`).
 * - What the graph can't tell is `undefined` as a column, in each of its batches, and costs nothing. What it can't tell
 *   of one row is `NONE` in columns of numbers into tables and in `tcpFlags`, and the code 0 in columns of codes.
 * - The tables only grow: a number means the same for ever.
 */
export interface EdgeBatch {
  readonly names: Names;
  readonly rows: number;
  /** Numbers into `names.accounts`, `names.interfaces` and, both ends, `names.addresses`. Never `NONE`. */
  readonly account: Int32Array;
  readonly interface: Int32Array;
  readonly source: Int32Array;
  readonly destination: Int32Array;
  readonly protocol: Uint8Array;
  /** 0 for the end that doesn't serve, and where there are no ports. */
  readonly sourcePort: Uint16Array;
  readonly destinationPort: Uint16Array;
  /** Codes: which end serves, and the rule that said so. */
  readonly server: Uint8Array | undefined;
  readonly serverBy: Uint8Array | undefined;
  /** Codes. */
  readonly action: Uint8Array;
  /** Sums over the edge's records. */
  readonly packets: Int64s;
  readonly bytes: Int64s;
  /** The number of records summed. */
  readonly flows: Int64s | undefined;
  /** Of all records, OR-ed: 0 to 32767. */
  readonly tcpFlags: Int16Array | undefined;
  /** The least start and the greatest end of the edge's own records, in whole seconds since 1970 below 2^53. */
  readonly first: Float64Array | undefined;
  readonly last: Float64Array | undefined;
  /** Bit n is set when a record ends in the n-th sixtieth of the window. */
  readonly active: Int64s | undefined;
  /**
   * `start` and `end` as the DOT and digest lines have them, in seconds since 1970. Of flow logs digested here they
   * are those of the whole digest, the same in each row, and say nothing of the edge's own time.
   */
  readonly start: Int64s;
  readonly end: Int64s;
  /** What else the logs have: numbers into `names.values`, where all records of the edge agree. */
  readonly further: Readonly<Partial<Record<FurtherColumn, Int32Array>>>;
}

/** Fields that only some logs have, by their names in Parquet. */
export const FURTHER_COLUMNS = [
  "vpc_id",
  "subnet_id",
  "instance_id",
  "az_id",
  "flow_direction",
  "traffic_path",
  "pkt_src_aws_service",
  "pkt_dst_aws_service",
  "ecs_service_name",
  "reject_reason",
] as const;
export type FurtherColumn = (typeof FURTHER_COLUMNS)[number];

/** What a graph may be unable to tell. */
export const OPTIONAL_COLUMNS = [
  "server",
  "serverBy",
  "flows",
  "tcpFlags",
  "first",
  "last",
  "active",
  ...FURTHER_COLUMNS,
] as const;
export type OptionalColumn = (typeof OPTIONAL_COLUMNS)[number];

/** Which of the optional columns a batch has. */
export function optionalColumnsOf(batch: EdgeBatch): OptionalColumn[] {
  const columns: Readonly<Partial<Record<OptionalColumn, unknown>>> = { ...batch, ...batch.further };
  return OPTIONAL_COLUMNS.filter((name) => columns[name] !== undefined);
}

/** No number, no flags. */
export const NONE = -1;

/** The texts of each code. Code 0 has none: no end serves, or the log has no action. */
export const SERVERS = ["", "src", "dst"] as const;
export const SERVER_RULES = ["", "flags", "known", "peers", "lower"] as const;
export const ACTIONS = ["", "ACCEPT", "REJECT"] as const;
export const [, ACCEPT, REJECT] = [0, 1, 2] as const;
/** All that a DOT tells of an edge that wasn't rejected: accepted, or of a log without an action. */
export const NOT_REJECTED = 3;

/** The texts of a graph, each once. */
export interface Names {
  readonly accounts: ByteTable;
  readonly interfaces: ByteTable;
  readonly addresses: ByteTable;
  /** Of the further columns, all in one. */
  readonly values: ByteTable;
}

export function newNames(): Names {
  return {
    accounts: newNameTable(),
    interfaces: newNameTable(),
    addresses: newAddressTable(),
    values: newNameTable(),
  };
}

/** What a batch usually has, at most: some milliseconds of work. */
export const BATCH_ROWS = 4096;

/**
 * A batch of zeros with these of the optional columns, for whoever makes it to fill in.
 *
 * @param times where they are the same in all batches, and need no memory of their own
 */
export function newBatch(
  names: Names,
  rows: number,
  optional: Iterable<OptionalColumn>,
  times: Pick<EdgeBatch, "start" | "end"> = { start: newInt64s(rows), end: newInt64s(rows) },
): EdgeBatch {
  const has = new Set(optional);
  const further = FURTHER_COLUMNS.filter((name) => has.has(name));
  return {
    names,
    rows,
    account: new Int32Array(rows),
    interface: new Int32Array(rows),
    source: new Int32Array(rows),
    destination: new Int32Array(rows),
    protocol: new Uint8Array(rows),
    sourcePort: new Uint16Array(rows),
    destinationPort: new Uint16Array(rows),
    server: has.has("server") ? new Uint8Array(rows) : undefined,
    serverBy: has.has("serverBy") ? new Uint8Array(rows) : undefined,
    action: new Uint8Array(rows),
    packets: newInt64s(rows),
    bytes: newInt64s(rows),
    flows: has.has("flows") ? newInt64s(rows) : undefined,
    tcpFlags: has.has("tcpFlags") ? new Int16Array(rows) : undefined,
    first: has.has("first") ? new Float64Array(rows) : undefined,
    last: has.has("last") ? new Float64Array(rows) : undefined,
    active: has.has("active") ? newInt64s(rows) : undefined,
    ...times,
    further: Object.fromEntries(further.map((name) => [name, new Int32Array(rows)])),
  };
}

/** The rows from `from` to `to`, without copying. */
export function partOf(batch: EdgeBatch, from: number, to: number): EdgeBatch {
  return {
    names: batch.names,
    rows: to - from,
    account: batch.account.subarray(from, to),
    interface: batch.interface.subarray(from, to),
    source: batch.source.subarray(from, to),
    destination: batch.destination.subarray(from, to),
    protocol: batch.protocol.subarray(from, to),
    sourcePort: batch.sourcePort.subarray(from, to),
    destinationPort: batch.destinationPort.subarray(from, to),
    server: batch.server?.subarray(from, to),
    serverBy: batch.serverBy?.subarray(from, to),
    action: batch.action.subarray(from, to),
    packets: batch.packets.subarray(2 * from, 2 * to),
    bytes: batch.bytes.subarray(2 * from, 2 * to),
    flows: batch.flows?.subarray(2 * from, 2 * to),
    tcpFlags: batch.tcpFlags?.subarray(from, to),
    first: batch.first?.subarray(from, to),
    last: batch.last?.subarray(from, to),
    active: batch.active?.subarray(2 * from, 2 * to),
    start: batch.start.subarray(2 * from, 2 * to),
    end: batch.end.subarray(2 * from, 2 * to),
    further: Object.fromEntries(
      Object.entries(batch.further).map(([name, column]) => [name, column.subarray(from, to)]),
    ),
  };
}

const MAX_TEXT_BYTES = 256;
const scratch = Buffer.alloc(MAX_TEXT_BYTES + OVERRUN_BYTES);
const scratchView = viewOf(scratch);

/** The text of a number, as a string: for the few that somebody looks at, not for each row. */
export function textOf(table: ByteTable, number: number): string {
  return scratch.toString("latin1", 0, table.copy(number, scratchView, 0));
}
