import { parquetMetadata, type AsyncBuffer, type ColumnMetaData, type FileMetaData } from "hyparquet";
import { CorruptInputError } from "../errors.js";
import { codesOf, integersOf, numbersOf, secondsOf, wordsOf } from "./decode.js";
import { newInt64s, type Int64s } from "./int64.js";
import { fromKeyValues, type DigestTimes, type EdgesMetadata } from "./metadata.js";
import { ParquetError, readChunk, type ColumnData } from "./parquet/read-chunk.js";
import { ROW_GROUP_ROWS } from "./row-group.js";
import {
  ACTIONS,
  BATCH_ROWS,
  FURTHER_COLUMNS,
  newNames,
  OPTIONAL_COLUMNS,
  partOf,
  SERVER_RULES,
  SERVERS,
  type EdgeBatch,
  type Names,
  type OptionalColumn,
} from "./table.js";

/** The footer of some dozens of row groups comes with the first read. */
const TAIL_BYTES = 128 * 1024;
/** What follows the footer: its length in four bytes, and `PAR1`. */
const END_BYTES = 8;

/** A Parquet file of edges, as `toParquet` writes it. */
export class StoredEdges {
  readonly metadata: EdgesMetadata;
  readonly rows: number;
  readonly #file: AsyncBuffer;
  readonly #footer: FileMetaData;
  readonly #digest: DigestTimes | undefined;

  private constructor(file: AsyncBuffer, footer: FileMetaData) {
    const { metadata, digest } = fromKeyValues(footer.key_value_metadata ?? []);
    this.metadata = metadata;
    this.rows = Number(footer.num_rows);
    this.#file = file;
    this.#footer = footer;
    this.#digest = digest;
  }

  /**
   * Reads the end of the file.
   *
   * @throws CorruptInputError when it is no such file, or whatever `file.slice` fails with
   */
  static async open(file: AsyncBuffer): Promise<StoredEdges> {
    const { byteLength } = file;
    let tail = await file.slice(Math.max(0, byteLength - TAIL_BYTES), byteLength);
    const end = new DataView(tail, Math.max(0, tail.byteLength - END_BYTES));
    const footerBytes = end.byteLength < END_BYTES ? 0 : end.getUint32(0, true) + END_BYTES;
    if (footerBytes > tail.byteLength && footerBytes <= byteLength) {
      tail = await file.slice(byteLength - footerBytes, byteLength);
    }
    return sound("footer", () => new StoredEdges(file, parquetMetadata(tail)));
  }

  /**
   * The edges, in batches of up to `BATCH_ROWS`. A row group is held in memory at a time, and takes some 20 ms of one
   * turn of the event loop: whoever must answer meanwhile reads in a thread.
   *
   * @param columns the optional ones that are wanted; all, unless given
   * @throws CorruptInputError when the file is damaged, or whatever `file.slice` fails with
   */
  async *batches(columns?: ReadonlySet<OptionalColumn>): AsyncGenerator<EdgeBatch> {
    const names = newNames();
    for (const [index, group] of this.#footer.row_groups.entries()) {
      const where = `row group ${index + 1}`;
      const wanted = group.columns.flatMap(({ meta_data }) => {
        const name = meta_data?.path_in_schema[0];
        return meta_data !== undefined && name !== undefined && isWanted(name, columns)
          ? [{ name, ...this.#placeOf(where, meta_data), meta_data }]
          : [];
      });
      const rows = Number(group.num_rows);
      if (rows > ROW_GROUP_ROWS) {
        throw new CorruptInputError(
          `the edges, ${where}: expected at most ${ROW_GROUP_ROWS} rows, got ${rows}`,
        );
      }
      const data = new Map<string, ColumnData>();
      for (const run of runsOf(wanted)) {
        const bytes = await this.#bytes(run.from, run.to);
        await Promise.all(
          run.columns.map(async ({ name, from, to, meta_data }) => {
            const chunk = bytes.subarray(from - run.from, to - run.from);
            const column = await sound(`${where}, ${name}`, () =>
              readChunk(chunk, meta_data, rows, this.#isOptional(name)),
            );
            data.set(name, column);
          }),
        );
      }
      const whole = await sound(where, () => batchOf(data, names, rows, this.#digest));
      for (let from = 0; from < rows; from += BATCH_ROWS) {
        yield partOf(whole, from, Math.min(from + BATCH_ROWS, rows));
      }
    }
  }

  async #bytes(from: number, to: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(await this.#file.slice(from, to));
    if (bytes.length === to - from) return bytes;
    throw new CorruptInputError(
      `the edges, bytes ${from} to ${to}: expected all of them, got ${bytes.length}`,
    );
  }

  #placeOf(where: string, column: ColumnMetaData): Place {
    const from = Number(column.dictionary_page_offset ?? column.data_page_offset);
    const to = from + Number(column.total_compressed_size);
    if (from >= 0 && to >= from && to <= this.#file.byteLength) return { from, to };
    throw new CorruptInputError(
      `the edges, ${where}: expected pages within ${this.#file.byteLength} bytes, got ${from} to ${to}`,
    );
  }

  #isOptional(name: string): boolean {
    return this.#footer.schema.some(
      (element) => element.name === name && element.repetition_type === "OPTIONAL",
    );
  }
}

/** Where the name in the file is another than that of the batch's column. */
const NAMES_IN_FILE: Readonly<Partial<Record<OptionalColumn, string>>> = {
  serverBy: "server_by",
  tcpFlags: "tcp_flags",
};
const OPTIONAL_IN_FILE = new Map(OPTIONAL_COLUMNS.map((name) => [NAMES_IN_FILE[name] ?? name, name]));

function isWanted(name: string, columns: ReadonlySet<OptionalColumn> | undefined): boolean {
  const optional = OPTIONAL_IN_FILE.get(name);
  return optional === undefined || columns === undefined || columns.has(optional);
}

interface Place {
  readonly from: number;
  readonly to: number;
}

/** Columns that lie side by side, to be read at once. */
function runsOf<T extends Place>(columns: readonly T[]): (Place & { readonly columns: readonly T[] })[] {
  const runs: { from: number; to: number; columns: T[] }[] = [];
  for (const column of columns) {
    const run = runs.at(-1);
    if (run?.to === column.from) {
      run.to = column.to;
      run.columns.push(column);
    } else {
      runs.push({ from: column.from, to: column.to, columns: [column] });
    }
  }
  return runs;
}

function batchOf(
  data: ReadonlyMap<string, ColumnData>,
  names: Names,
  rows: number,
  digest: DigestTimes | undefined,
): EdgeBatch {
  const required = (name: string): ColumnData => {
    const column = data.get(name);
    if (column === undefined) throw new ParquetError(`a column ${name}`, "none");
    return column;
  };
  const optional = <T>(name: string, decode: (column: ColumnData) => T): T | undefined => {
    const column = data.get(name);
    return column && decode(column);
  };
  return {
    names,
    rows,
    account: numbersOf(required("account_id"), names.accounts),
    interface: numbersOf(required("interface_id"), names.interfaces),
    source: numbersOf(required("srcaddr"), names.addresses),
    destination: numbersOf(required("dstaddr"), names.addresses),
    protocol: integersOf(required("protocol"), new Uint8Array(rows), 255),
    sourcePort: integersOf(required("srcport"), new Uint16Array(rows), 65_535),
    destinationPort: integersOf(required("dstport"), new Uint16Array(rows), 65_535),
    server: optional("server", (column) => codesOf(column, SERVERS)),
    serverBy: optional("server_by", (column) => codesOf(column, SERVER_RULES)),
    action: codesOf(required("action"), ACTIONS),
    packets: wordsOf(required("packets")),
    bytes: wordsOf(required("bytes")),
    flows: optional("flows", wordsOf),
    tcpFlags: optional("tcp_flags", (column) => integersOf(column, new Int16Array(rows), 32_767)),
    first: optional("first", secondsOf),
    last: optional("last", secondsOf),
    active: optional("active", wordsOf),
    start: same(digest, 0, rows),
    end: same(digest, 1, rows),
    further: Object.fromEntries(
      FURTHER_COLUMNS.flatMap((name) => {
        const column = data.get(name);
        return column === undefined ? [] : [[name, numbersOf(column, names.values)]];
      }),
    ),
  };
}

/** The same number in each row. */
function same(digest: DigestTimes | undefined, which: 0 | 1, rows: number): Int64s {
  if (digest === undefined) throw new ParquetError("start and end of the digest in the metadata", "none");
  const [low = 0, high = 0] = digest.subarray(2 * which);
  const column = newInt64s(rows);
  for (let at = 0; at < column.length; at += 2) {
    column[at] = low;
    column[at + 1] = high;
  }
  return column;
}

/** Runs a step that fails only because the file isn't sound. */
async function sound<T>(where: string, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CorruptInputError(`the edges, ${where}: ${reason}`, { cause: error });
  }
}
