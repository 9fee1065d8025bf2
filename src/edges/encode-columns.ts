import type { ByteTable } from "../flow-log/byte-table.js";
import type { Int64s } from "./int64.js";
import type { Chunk } from "../parquet/chunk.js";
import { DictionaryColumn, type Entries, type Keys } from "../parquet/dictionary-column.js";
import { PlainColumn } from "../parquet/plain-column.js";
import type { ColumnSpec, ColumnType } from "../parquet/schema.js";
import { MAX_VALUE_BYTES } from "./row-group.js";
import {
  ACTIONS,
  FURTHER_COLUMNS,
  NONE,
  NOT_REJECTED,
  SERVER_RULES,
  SERVERS,
  type EdgeBatch,
} from "./table.js";

/** A column of the file, and how it comes about. */
export interface Column {
  readonly spec: ColumnSpec;
  readonly append: (batch: EdgeBatch, from: number, to: number) => void;
  readonly take: () => Chunk;
}

/**
 * The columns of the file, in its order.
 *
 * @param first tells which of the optional columns there are
 */
export function columnsOf(first: EdgeBatch): Column[] {
  const { names } = first;
  const texts = (name: string, table: ByteTable, keys: (batch: EdgeBatch) => Keys, optional = false) =>
    dictionary(name, "string", textEntries(table), optional, keys);
  const codes = (
    name: string,
    texts: readonly string[],
    nulls: readonly number[],
    keys: (batch: EdgeBatch) => Keys | undefined,
  ) => dictionary(name, "string", codeEntries(texts, nulls), true, keys);
  const numbers = (name: string, keys: (batch: EdgeBatch) => Keys) =>
    dictionary(name, "int32", NUMBERS, false, keys);

  function sums(name: string, valuesOf: (batch: EdgeBatch) => Int64s | undefined): Column[] {
    if (valuesOf(first) === undefined) return [];
    const column = new PlainColumn(false);
    return [
      {
        spec: { name, type: "int64", optional: false },
        append: (batch, from, to) => column.append(present(name, valuesOf(batch)), from, to),
        take: () => column.take(),
      },
    ];
  }

  function times(name: "first" | "last"): Column[] {
    if (first[name] === undefined) return [];
    const column = new PlainColumn(true);
    return [
      {
        spec: { name, type: "timestamp", optional: false },
        append: (batch, from, to) => column.appendSeconds(present(name, batch[name]), from, to),
        take: () => column.take(),
      },
    ];
  }

  return [
    texts("account_id", names.accounts, (batch) => batch.account),
    texts("interface_id", names.interfaces, (batch) => batch.interface),
    texts("srcaddr", names.addresses, (batch) => batch.source),
    texts("dstaddr", names.addresses, (batch) => batch.destination),
    numbers("protocol", (batch) => batch.protocol),
    numbers("srcport", (batch) => batch.sourcePort),
    numbers("dstport", (batch) => batch.destinationPort),
    codes("server", SERVERS, [0], (batch) => batch.server),
    codes("server_by", SERVER_RULES, [0], (batch) => batch.serverBy),
    codes("action", ACTIONS, [0, NOT_REJECTED], (batch) => batch.action),
    ...sums("packets", (batch) => batch.packets),
    ...sums("bytes", (batch) => batch.bytes),
    ...sums("flows", (batch) => batch.flows),
    dictionary("tcp_flags", "int32", NUMBERS, true, (batch) => batch.tcpFlags),
    ...times("first"),
    ...times("last"),
    ...sums("active", (batch) => batch.active),
    ...FURTHER_COLUMNS.filter((name) => first.further[name] !== undefined).map((name) =>
      texts(name, names.values, (batch) => present(name, batch.further[name]), true),
    ),
  ];
}

function dictionary(
  name: string,
  type: ColumnType,
  entries: Entries,
  optional: boolean,
  keysOf: (batch: EdgeBatch) => Keys | undefined,
): Column {
  const column = new DictionaryColumn(entries, optional);
  return {
    spec: { name, type, optional },
    append: (batch, from, to) => {
      const keys = keysOf(batch);
      if (keys === undefined) column.appendNulls(to - from);
      else column.append(keys, from, to);
    },
    take: () => column.take(),
  };
}

function present<T>(name: string, column: T | undefined): T {
  if (column === undefined) throw new RangeError(`expected a column ${name} in this batch too`);
  return column;
}

const LENGTH_BYTES = 4;

const NUMBERS: Entries = {
  maxBytes: 4,
  nulls: [NONE],
  ordered: true,
  put: (key, bytes, _view, at) => bytes.writeInt32LE(key, at),
};

function textEntries(table: ByteTable): Entries {
  return {
    maxBytes: MAX_VALUE_BYTES,
    nulls: [NONE],
    ordered: false,
    put: (key, bytes, view, at) => {
      const end = table.copy(key, view, at + LENGTH_BYTES);
      bytes.writeUInt32LE(end - at - LENGTH_BYTES, at);
      return end;
    },
  };
}

function codeEntries(texts: readonly string[], nulls: readonly number[]): Entries {
  return {
    maxBytes: MAX_VALUE_BYTES,
    nulls,
    ordered: false,
    put: (key, bytes, _view, at) => {
      const length = bytes.write(texts[key] ?? "", at + LENGTH_BYTES, "latin1");
      bytes.writeUInt32LE(length, at);
      return at + LENGTH_BYTES + length;
    },
  };
}
