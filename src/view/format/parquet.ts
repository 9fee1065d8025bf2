import { newInt64s, setBigInt64 } from "../../edges/int64.js";
import type { Chunk } from "../../parquet/chunk.js";
import { DictionaryColumn, type Entries } from "../../parquet/dictionary-column.js";
import { ParquetFile } from "../../parquet/file.js";
import { PlainColumn } from "../../parquet/plain-column.js";
import type { ColumnSpec } from "../../parquet/schema.js";
import type { View } from "../view.js";
import { type Cell, LINK_COLUMNS, type LinkColumn, linkRows } from "./columns.js";
import type { ViewFormat } from "./format.js";

/** Of rows with their texts, some tens of megabytes. */
const ROW_GROUP_ROWS = 50_000;
const LENGTH_BYTES = 4;
const NULL = -1;

/** The same table as the CSV. Columns of what the graph can't tell are left out. */
export const parquet: ViewFormat = {
  mediaType: "application/vnd.apache.parquet",
  write: (view) => blocks(view),
};

async function* blocks(view: View): AsyncGenerator<Uint8Array> {
  const columns: Column[] = [];
  let file: ParquetFile | undefined;
  let rows = 0;
  const endGroup = (to: ParquetFile) => to.rowGroup(chunksOf(columns));
  for (const { link, nodes, kind } of linkRows(view)) {
    if (file === undefined) {
      const there = LINK_COLUMNS.filter(
        (column) => column.optional || column.cell(link, nodes, kind) !== undefined,
      );
      columns.push(...there.map((column) => columnOf(column)));
      file = new ParquetFile(columns.map(({ spec }) => spec));
      yield file.open();
    }
    for (const column of columns) column.append(column.cell(link, nodes, kind));
    if (++rows % ROW_GROUP_ROWS === 0) yield* endGroup(file);
  }
  if (file === undefined) {
    columns.push(...LINK_COLUMNS.map((column) => columnOf(column)));
    file = new ParquetFile(columns.map(({ spec }) => spec));
    yield file.open();
  }
  if (rows % ROW_GROUP_ROWS !== 0) yield* endGroup(file);
  yield* file.close(
    new Map([
      ["window_start", view.window.start],
      ["window_stop", view.window.stop],
      ...(view.scope === undefined ? [] : [["scope", view.scope] as const]),
    ]),
  );
}

interface Column {
  readonly spec: ColumnSpec;
  readonly cell: LinkColumn["cell"];
  append(value: Cell): void;
  take(): Chunk;
}

function* chunksOf(columns: readonly Column[]): Generator<Chunk> {
  for (const column of columns) yield column.take();
}

function columnOf({ name, type, optional, cell }: LinkColumn): Column {
  if (type === "text") return { ...textColumn(name, optional), cell };
  if (type === "port") return { ...portColumn(name, optional), cell };
  const column = new PlainColumn(true);
  const isTime = type === "seconds";
  const value = newInt64s(1);
  const seconds = new Float64Array(1);
  return {
    spec: { name, type: isTime ? "timestamp" : "int64", optional },
    cell,
    append: (given) => {
      if (isTime) {
        seconds[0] = Number(given ?? 0);
        column.appendSeconds(seconds, 0, 1);
      } else {
        setBigInt64(value, 0, BigInt(given ?? 0));
        column.append(value, 0, 1);
      }
    },
    take: () => column.take(),
  };
}

function textColumn(name: string, optional: boolean): Omit<Column, "cell"> {
  /** Of this row group. */
  let texts: Buffer[] = [];
  let numbers = new Map<string, number>();
  let longest = 0;
  const entries: Entries = {
    nulls: [NULL],
    ordered: false,
    get maxBytes() {
      return LENGTH_BYTES + longest;
    },
    put: (key, bytes, _view, at) => {
      const text = texts[key] ?? Buffer.alloc(0);
      bytes.writeUInt32LE(text.length, at);
      text.copy(bytes, at + LENGTH_BYTES);
      return at + LENGTH_BYTES + text.length;
    },
  };
  const numberOf = (text: string): number => {
    let number = numbers.get(text);
    if (number === undefined) {
      number = texts.push(Buffer.from(text)) - 1;
      numbers.set(text, number);
      longest = Math.max(longest, texts[number]?.length ?? 0);
    }
    return number;
  };
  const column = new DictionaryColumn(entries, optional);
  const key = new Int32Array(1);
  return {
    spec: { name, type: "string", optional },
    append: (value) => {
      key[0] = value === undefined && optional ? NULL : numberOf(String(value ?? ""));
      column.append(key, 0, 1);
    },
    take: () => {
      const chunk = column.take();
      texts = [];
      numbers = new Map();
      return chunk;
    },
  };
}

function portColumn(name: string, optional: boolean): Omit<Column, "cell"> {
  const entries: Entries = {
    maxBytes: 4,
    nulls: [NULL],
    ordered: true,
    put: (port, bytes, _view, at) => bytes.writeInt32LE(port, at),
  };
  const column = new DictionaryColumn(entries, optional);
  const key = new Int32Array(1);
  return {
    spec: { name, type: "int32", optional },
    append: (value) => {
      key[0] = value === undefined ? NULL : Number(value);
      column.append(key, 0, 1);
    },
    take: () => column.take(),
  };
}
