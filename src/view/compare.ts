import { addInt64, newInt64s, type Int64s } from "../edges/int64.js";
import { NONE } from "../edges/table.js";
import type { ByteTable } from "../flow-log/byte-table.js";
import { OVERRUN_BYTES, viewOf } from "../flow-log/data-view.js";
import type { Conversations } from "./conversations.js";
import { CHANGED, GONE, NEW, SAME } from "./marks.js";
import { measureOf } from "./measure.js";
import type { SumColumns } from "./sums.js";
import { TRAFFIC_KINDS } from "./conversations.js";
import { Triples } from "./triples.js";

/** More, or less, than by so many times the bytes: changed. */
const CHANGE_FACTOR = 3;
const MAX_ADDRESS_BYTES = 45;

export interface Comparison {
  /** The conversations, and after them those that are gone: with the times they had, and no traffic. */
  readonly table: Conversations;
  /** By row: what became of it. */
  readonly status: Uint8Array;
  /** By row: the bytes in the other window. */
  readonly before: Int64s;
}

/** Compares the conversations of a window with those of another. The addresses of what is gone are added to the names. */
export function compare(table: Conversations, other: Conversations): Comparison {
  const index = new Triples(table.size);
  for (let row = 0; row < table.size; row++) {
    index.add(table.client[row] ?? 0, table.server[row] ?? 0, serviceOf(table, row));
  }
  const numberOf = addressesOf(other, table);
  const bytes = measureOf(table.traffic, "bytes");
  const otherBytes = measureOf(other.traffic, "bytes");
  const gone: number[] = [];
  const rowOf = new Int32Array(other.size);
  const status = new Uint8Array(table.size + other.size).fill(NEW, 0, table.size);
  for (let from = 0; from < other.size; from++) {
    const client = numberOf(other.client[from] ?? 0);
    const server = numberOf(other.server[from] ?? 0);
    const row = index.find(client, server, serviceOf(other, from));
    if (row === NONE) {
      rowOf[from] = table.size + gone.length;
      gone.push(from);
      continue;
    }
    rowOf[from] = row;
    const [now, then] = [bytes(row), otherBytes(from)];
    const isChanged = now > then * CHANGE_FACTOR || then > now * CHANGE_FACTOR;
    status[row] = isChanged ? CHANGED : SAME;
  }
  const size = table.size + gone.length;
  const before = newInt64s(size);
  for (let from = 0; from < other.size; from++) {
    for (const kind of TRAFFIC_KINDS) addInt64(before, rowOf[from] ?? 0, other.traffic[kind].bytes, from);
  }
  return {
    table: gone.length === 0 ? table : withGone(table, other, gone, numberOf),
    status: status.fill(GONE, table.size).slice(0, size),
    before,
  };
}

function serviceOf({ served, protocol, port }: Conversations, row: number): number {
  return ((served[row] ?? 0) << 24) | ((protocol[row] ?? 0) << 16) | (port[row] ?? 0);
}

/** The numbers that addresses of one table have in another. */
function addressesOf(from: Conversations, to: Conversations): (address: number) => number {
  const text = viewOf(Buffer.alloc(MAX_ADDRESS_BYTES + 2 * OVERRUN_BYTES));
  const known = new Map<number, number>();
  const [source, target]: ByteTable[] = [from.names.addresses, to.names.addresses];
  return (address) => {
    let number = known.get(address);
    if (number === undefined) {
      number = target?.intern(text, 0, source?.copy(address, text, 0) ?? 0) ?? NONE;
      known.set(address, number);
    }
    return number;
  };
}

function withGone(
  table: Conversations,
  other: Conversations,
  gone: readonly number[],
  numberOf: (address: number) => number,
): Conversations {
  const size = table.size + gone.length;
  const sums = ({ bytes, packets, flows }: SumColumns): SumColumns => ({
    bytes: extended(bytes, newInt64s(size)),
    packets: extended(packets, newInt64s(size)),
    flows: flows && extended(flows, newInt64s(size)),
  });
  const [clientAccepted, clientRejected, serverAccepted, serverRejected] = table.traffic;
  const client = extended(table.client, new Int32Array(size));
  const server = extended(table.server, new Int32Array(size));
  const protocol = extended(table.protocol, new Uint8Array(size));
  const port = extended(table.port, new Uint16Array(size));
  const served = extended(table.served, new Uint8Array(size));
  const serverBy = extended(table.serverBy, new Uint8Array(size));
  const first = table.first && extended(table.first, new Float64Array(size));
  const last = table.last && extended(table.last, new Float64Array(size));
  for (const [index, from] of gone.entries()) {
    const row = table.size + index;
    client[row] = numberOf(other.client[from] ?? 0);
    server[row] = numberOf(other.server[from] ?? 0);
    protocol[row] = other.protocol[from] ?? 0;
    port[row] = other.port[from] ?? 0;
    served[row] = other.served[from] ?? 0;
    serverBy[row] = other.serverBy[from] ?? 0;
    if (first) first[row] = other.first?.[from] ?? Number.NaN;
    if (last) last[row] = other.last?.[from] ?? Number.NaN;
  }
  const loggedFrom = extended(table.loggedFrom, new Uint32Array(size + 1));
  loggedFrom.fill(table.loggedBy.length, table.size + 1);
  return {
    ...table,
    size,
    client,
    server,
    protocol,
    port,
    served,
    serverBy,
    first,
    last,
    traffic: [sums(clientAccepted), sums(clientRejected), sums(serverAccepted), sums(serverRejected)],
    has: extended(table.has, new Uint8Array(size)),
    edges: extended(table.edges, new Uint32Array(size)),
    clientFlags: table.clientFlags && extended(table.clientFlags, new Int16Array(size).fill(NONE)),
    serverFlags: table.serverFlags && extended(table.serverFlags, new Int16Array(size).fill(NONE)),
    active: table.active && extended(table.active, newInt64s(size)),
    loggedFrom,
  };
}

function extended<T extends { set: (from: T) => void }>(column: T, room: T): T {
  room.set(column);
  return room;
}
