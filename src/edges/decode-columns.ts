import { ParquetError, type ColumnData } from "../parquet/read-chunk.js";
import { codesOf, integersOf, numbersOf, secondsOf, wordsOf } from "./decode.js";
import { newInt64s, type Int64s } from "./int64.js";
import type { DigestTimes } from "./metadata.js";
import {
  ACTIONS,
  FURTHER_COLUMNS,
  SERVER_RULES,
  SERVERS,
  type EdgeBatch,
  type Names,
  type OptionalColumn,
} from "./table.js";

/** A column of the file, and the part of a batch that it gives. */
export interface FileColumn {
  readonly name: string;
  /** What it is called in a batch, where a reader may do without. */
  readonly optional?: OptionalColumn;
  readonly decode: (data: ColumnData, names: Names) => Partial<EdgeBatch>;
}

/** In the order of the file. */
const FILE_COLUMNS: readonly FileColumn[] = [
  { name: "account_id", decode: (data, { accounts }) => ({ account: numbersOf(data, accounts) }) },
  { name: "interface_id", decode: (data, { interfaces }) => ({ interface: numbersOf(data, interfaces) }) },
  { name: "srcaddr", decode: (data, { addresses }) => ({ source: numbersOf(data, addresses) }) },
  { name: "dstaddr", decode: (data, { addresses }) => ({ destination: numbersOf(data, addresses) }) },
  { name: "protocol", decode: (data) => ({ protocol: integersOf(data, new Uint8Array(data.rows), 255) }) },
  { name: "srcport", decode: (data) => ({ sourcePort: portsOf(data) }) },
  { name: "dstport", decode: (data) => ({ destinationPort: portsOf(data) }) },
  { name: "server", optional: "server", decode: (data) => ({ server: codesOf(data, SERVERS) }) },
  { name: "server_by", optional: "serverBy", decode: (data) => ({ serverBy: codesOf(data, SERVER_RULES) }) },
  { name: "action", decode: (data) => ({ action: codesOf(data, ACTIONS) }) },
  { name: "packets", decode: (data) => ({ packets: wordsOf(data) }) },
  { name: "bytes", decode: (data) => ({ bytes: wordsOf(data) }) },
  { name: "flows", optional: "flows", decode: (data) => ({ flows: wordsOf(data) }) },
  { name: "tcp_flags", optional: "tcpFlags", decode: (data) => ({ tcpFlags: flagsOf(data) }) },
  { name: "first", optional: "first", decode: (data) => ({ first: secondsOf(data) }) },
  { name: "last", optional: "last", decode: (data) => ({ last: secondsOf(data) }) },
  { name: "active", optional: "active", decode: (data) => ({ active: wordsOf(data) }) },
  ...FURTHER_COLUMNS.map((name): FileColumn => ({
    name,
    optional: name,
    decode: (data, { values }) => ({ further: { [name]: numbersOf(data, values) } }),
  })),
];

function portsOf(data: ColumnData): Uint16Array {
  return integersOf(data, new Uint16Array(data.rows), 65_535);
}

function flagsOf(data: ColumnData): Int16Array {
  return integersOf(data, new Int16Array(data.rows), 32_767);
}

/** Columns to be read: those that every batch has, and of the optional ones those that are there and wanted. */
export function columnsToRead(
  present: ReadonlySet<string>,
  wanted: ReadonlySet<OptionalColumn> | undefined,
): FileColumn[] {
  return FILE_COLUMNS.filter(
    ({ name, optional }) =>
      optional === undefined || (present.has(name) && (wanted === undefined || wanted.has(optional))),
  );
}

/** Gathers the columns of a row group. */
export class BatchParts {
  readonly #names: Names;
  #parts: Partial<EdgeBatch> = {};

  constructor(names: Names) {
    this.#names = names;
  }

  /** @throws ParquetError when the column holds anything else than it should */
  add({ decode }: FileColumn, data: ColumnData): void {
    const part = decode(data, this.#names);
    this.#parts = { ...this.#parts, ...part, further: { ...this.#parts.further, ...part.further } };
  }

  /** @throws ParquetError when there are edges, and no times of the digest */
  batch(rows: number, digest: DigestTimes | undefined): EdgeBatch {
    const { further = {}, server, serverBy, flows, tcpFlags, first, last, active } = this.#parts;
    return {
      names: this.#names,
      rows,
      account: there(this.#parts.account),
      interface: there(this.#parts.interface),
      source: there(this.#parts.source),
      destination: there(this.#parts.destination),
      protocol: there(this.#parts.protocol),
      sourcePort: there(this.#parts.sourcePort),
      destinationPort: there(this.#parts.destinationPort),
      server,
      serverBy,
      action: there(this.#parts.action),
      packets: there(this.#parts.packets),
      bytes: there(this.#parts.bytes),
      flows,
      tcpFlags,
      first,
      last,
      active,
      start: repeated(digest, 0, rows),
      end: repeated(digest, 1, rows),
      further,
    };
  }
}

/** A column that `columnsToRead` always gives. */
function there<T>(column: T | undefined): T {
  if (column === undefined) throw new ParquetError("all columns of an edge", "fewer");
  return column;
}

/** The same number in each row. */
function repeated(digest: DigestTimes | undefined, which: 0 | 1, rows: number): Int64s {
  if (digest === undefined) throw new ParquetError("start and end of the digest in the metadata", "none");
  const [low = 0, high = 0] = digest.subarray(2 * which);
  const column = newInt64s(rows);
  for (let at = 0; at < column.length; at += 2) {
    column[at] = low;
    column[at + 1] = high;
  }
  return column;
}
