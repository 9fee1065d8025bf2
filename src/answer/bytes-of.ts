import type { Names } from "../edges/table.js";
import type { Conversations } from "../view/conversations.js";
import type { Stored } from "../view/converse.js";

/** A text with its slots and its value as a number, and a table's own tables; measured. */
const TEXT_BYTES = 96;
const TABLE_BYTES = 512 * 1024;

/** What a graph takes in memory, about. */
export function bytesOf(conversations: Conversations, stored: Stored | undefined): number {
  const columns = columnBytes(conversations) + (stored === undefined ? 0 : columnBytes(stored.rows));
  return columns + (stored?.conversationOf.byteLength ?? 0) + nameBytes(conversations.names);
}

function columnBytes(table: Conversations): number {
  const all = [table, table.loggers, ...table.traffic].flatMap((part) => Object.values(part) as unknown[]);
  return all.reduce<number>((sum, column) => sum + (ArrayBuffer.isView(column) ? column.byteLength : 0), 0);
}

function nameBytes(names: Names): number {
  const tables = [names.accounts, names.interfaces, names.addresses, names.values];
  return tables.reduce((sum, { size }) => sum + TABLE_BYTES + size * TEXT_BYTES, 0);
}
