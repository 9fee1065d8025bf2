import * as fc from "fast-check";
import type { ByteTable } from "../../src/flow-log/byte-table.js";
import { viewOf } from "../../src/flow-log/data-view.js";
import { bigInt64At, setBigInt64, type Int64s } from "../../src/edges/int64.js";
import {
  ACCEPT,
  FURTHER_COLUMNS,
  newBatch,
  newNames,
  NONE,
  OPTIONAL_COLUMNS,
  REJECT,
  textOf,
  type EdgeBatch,
  type FurtherColumn,
  type Names,
  type OptionalColumn,
} from "../../src/edges/table.js";

/** An edge as plain values. Null where a row doesn't tell, undefined where the graph doesn't. */
export interface Row {
  readonly account: string;
  readonly interface: string;
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly server: number | undefined;
  readonly serverBy: number | undefined;
  readonly action: number;
  readonly packets: bigint;
  readonly bytes: bigint;
  readonly flows: bigint | undefined;
  readonly tcpFlags: number | undefined;
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly active: bigint | undefined;
  readonly start: bigint;
  readonly end: bigint;
  readonly further: Readonly<Partial<Record<FurtherColumn, string | null>>>;
}

const buffer = Buffer.alloc(300);

function intern(table: ByteTable, text: string): number {
  const number = table.intern(viewOf(buffer), 0, buffer.write(text, "latin1"));
  if (number < 0) throw new Error(`not acceptable: ${text}`);
  return number;
}

function set(column: Int64s | undefined, row: number, value: bigint | undefined): void {
  if (column !== undefined) setBigInt64(column, row, value ?? 0n);
}

export function batchOf(names: Names, rows: readonly Row[], optional: Iterable<OptionalColumn>): EdgeBatch {
  const batch = newBatch(names, rows.length, optional);
  for (const [i, row] of rows.entries()) {
    batch.account[i] = intern(names.accounts, row.account);
    batch.interface[i] = intern(names.interfaces, row.interface);
    batch.source[i] = intern(names.addresses, row.source);
    batch.destination[i] = intern(names.addresses, row.destination);
    batch.protocol[i] = row.protocol;
    batch.sourcePort[i] = row.sourcePort;
    batch.destinationPort[i] = row.destinationPort;
    if (batch.server) batch.server[i] = row.server ?? 0;
    if (batch.serverBy) batch.serverBy[i] = row.serverBy ?? 0;
    batch.action[i] = row.action;
    set(batch.packets, i, row.packets);
    set(batch.bytes, i, row.bytes);
    set(batch.flows, i, row.flows);
    if (batch.tcpFlags) batch.tcpFlags[i] = row.tcpFlags ?? NONE;
    if (batch.first) batch.first[i] = row.first ?? 0;
    if (batch.last) batch.last[i] = row.last ?? 0;
    set(batch.active, i, row.active);
    set(batch.start, i, row.start);
    set(batch.end, i, row.end);
    for (const [name, column] of furtherOf(batch)) {
      const text = row.further[name] ?? null;
      column[i] = text === null ? NONE : intern(names.values, text);
    }
  }
  return batch;
}

/** Rows in batches of a size that share their tables. */
export async function* batchesOf(
  rows: readonly Row[],
  size: number,
  optional: Iterable<OptionalColumn> = OPTIONAL_COLUMNS,
): AsyncGenerator<EdgeBatch> {
  const names = newNames();
  for (let at = 0; at < rows.length; at += size) {
    yield batchOf(names, rows.slice(at, at + size), optional);
  }
}

export function rowsOf(batch: EdgeBatch): Row[] {
  const { names } = batch;
  return Array.from({ length: batch.rows }, (_, i) => ({
    account: textOf(names.accounts, batch.account[i] ?? NONE),
    interface: textOf(names.interfaces, batch.interface[i] ?? NONE),
    source: textOf(names.addresses, batch.source[i] ?? NONE),
    destination: textOf(names.addresses, batch.destination[i] ?? NONE),
    protocol: batch.protocol[i] ?? 0,
    sourcePort: batch.sourcePort[i] ?? 0,
    destinationPort: batch.destinationPort[i] ?? 0,
    server: batch.server?.[i],
    serverBy: batch.serverBy?.[i],
    action: batch.action[i] ?? 0,
    packets: bigInt64At(batch.packets, i),
    bytes: bigInt64At(batch.bytes, i),
    flows: batch.flows && bigInt64At(batch.flows, i),
    tcpFlags: batch.tcpFlags?.[i],
    first: batch.first?.[i],
    last: batch.last?.[i],
    active: batch.active && bigInt64At(batch.active, i),
    start: bigInt64At(batch.start, i),
    end: bigInt64At(batch.end, i),
    further: Object.fromEntries(
      furtherOf(batch).map(([name, column]) => {
        const number = column[i] ?? NONE;
        return [name, number === NONE ? null : textOf(names.values, number)];
      }),
    ),
  }));
}

export async function allRowsOf(batches: AsyncIterable<EdgeBatch>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of batches) rows.push(...rowsOf(batch));
  return rows;
}

function furtherOf(batch: EdgeBatch): [FurtherColumn, Int32Array][] {
  return FURTHER_COLUMNS.flatMap((name) => {
    const column = batch.further[name];
    return column === undefined ? [] : [[name, column] as [FurtherColumn, Int32Array]];
  });
}

const MAX_INT64 = 2n ** 63n - 1n;

const name = fc.oneof(
  fc.constantFrom("123456789010", "eni-0a1b2c3d4e5f60718", "-", "unknown"),
  fc.string({ unit: fc.constantFrom("\\", "n", "N", "]", "=", "a"), minLength: 1, maxLength: 8 }),
  fc.string({ unit: fc.constantFrom("a", "!", "~", "\\"), minLength: 200, maxLength: 256 }),
);

const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom("1.11.1.1", "11.1.1.1", "1.1.11.1", "::1", "::11", "2001:db8::1", "2001:DB8::1"),
);

const count = fc.oneof(
  fc.integer({ min: 0, max: 100 }).map(BigInt),
  fc.bigInt({ min: 0n, max: MAX_INT64 }),
  fc.constantFrom(MAX_INT64, 2n ** 53n, 2n ** 53n - 1n, 2n ** 32n, 2n ** 32n - 1n),
);

const port = fc.oneof(fc.constantFrom(0, 443), fc.integer({ min: 0, max: 65_535 }));
const seconds = fc.oneof(
  fc.integer({ min: 1_560_000_000, max: 1_560_003_600 }),
  fc.constantFrom(0, 999_999_999_999_999),
);

const value = fc.oneof(fc.constant(null), fc.constantFrom("vpc-1", "egress", "1"), name);
const further = Object.fromEntries(FURTHER_COLUMNS.map((name) => [name, value]));

/** Rows that have it all. `start` and `end` are the same in each, as of flow logs digested here. */
export const rows = fc.tuple(count, count).chain(([start, end]) =>
  fc.array(
    fc.record({
      account: name,
      interface: name,
      source: address,
      destination: address,
      protocol: fc.integer({ min: 0, max: 255 }),
      sourcePort: port,
      destinationPort: port,
      server: fc.integer({ min: 0, max: 2 }),
      serverBy: fc.integer({ min: 0, max: 4 }),
      action: fc.constantFrom(0, ACCEPT, REJECT),
      packets: count,
      bytes: count,
      flows: count,
      tcpFlags: fc.oneof(fc.constant(NONE), fc.integer({ min: 0, max: 32_767 })),
      first: seconds,
      last: seconds,
      active: fc.bigInt({ min: 0n, max: 2n ** 60n - 1n }),
      start: fc.constant(start),
      end: fc.constant(end),
      further: fc.record(further),
    }),
    { maxLength: 40 },
  ),
);
