import { nextTurn, turnIsOver } from "../turn.js";
import type { Chunk } from "./chunk.js";
import { pagesOf, type Pages } from "./pages.js";
import { schemaElements, type ColumnSpec } from "./schema.js";
import { encodeThrift, i16, i32, i64, list, struct, text, type Thrift } from "./thrift.js";

const MAGIC = Buffer.from("PAR1");
const VERSION = 2;
/** As the format wants it, so that readers don't suspect the faults of some other writer. */
const CREATED_BY = "vpcflow-grapherd version 1";
/** Each column's values are ordered as its type says: only then do readers trust the ranges. */
const TYPE_ORDER = struct([1, struct()]);

/**
 * A Parquet file of a flat table, a row group at a time. The same chunks give the same bytes.
 * https://github.com/apache/parquet-format
 */
export class ParquetFile {
  readonly #columns: readonly ColumnSpec[];
  readonly #groups: Thrift[] = [];
  /** The group that is being compressed, by column. */
  #group: Promise<Pages>[] = [];
  #groupRows = 0;
  #rows = 0;
  #position = 0;

  constructor(columns: readonly ColumnSpec[]) {
    this.#columns = columns;
  }

  open(): Buffer {
    return this.#put(MAGIC);
  }

  /**
   * Gives the blocks of the row group before, then begins one of the chunks of all columns, in their order, which are taken in several
   * turns of the event loop. While they are compressed the next ones can be filled, but must not be taken.
   */
  async *rowGroup(chunks: Iterable<Chunk>): AsyncGenerator<Buffer> {
    yield* this.#finishGroup();
    for (const chunk of chunks) {
      this.#groupRows = chunk.rows;
      const pages = pagesOf(this.#columns[this.#group.length] ?? throwMore(), chunk);
      // Awaited when the group is finished, unless something fails before.
      pages.catch(() => {});
      this.#group.push(pages);
      if (turnIsOver()) await nextTurn();
    }
  }

  async *#finishGroup(): AsyncGenerator<Buffer> {
    if (this.#group.length === 0) return;
    const pages = await Promise.all(this.#group);
    const rows = this.#groupRows;
    this.#group = [];
    const start = this.#position;
    const entries: Thrift[] = [];
    for (const column of pages) {
      entries.push(column.at(this.#position));
      for (const block of column.blocks) yield this.#put(block);
    }
    this.#rows += rows;
    this.#groups.push(
      struct(
        [1, list(entries)],
        [2, i64(pages.reduce((sum, { uncompressedBytes }) => sum + uncompressedBytes, 0))],
        [3, i64(rows)],
        [5, i64(start)],
        [6, i64(this.#position - start)],
        // The format has 15 bits for it, and no reader needs it.
        [7, this.#groups.length < 2 ** 15 ? i16(this.#groups.length) : undefined],
      ),
    );
  }

  async *close(metadata: ReadonlyMap<string, string>): AsyncGenerator<Buffer> {
    yield* this.#finishGroup();
    const footer = encodeThrift(
      struct(
        [1, i32(VERSION)],
        [2, list(schemaElements(this.#columns))],
        [3, i64(this.#rows)],
        [4, list(this.#groups)],
        [5, list(Array.from(metadata, ([key, value]) => struct([1, text(key)], [2, text(value)])))],
        [6, text(CREATED_BY)],
        [7, list(this.#columns.map(() => TYPE_ORDER))],
      ),
    );
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    yield this.#put(Buffer.concat([footer, length, MAGIC]));
  }

  #put(bytes: Buffer): Buffer {
    this.#position += bytes.length;
    return bytes;
  }
}

function throwMore(): never {
  throw new RangeError("more chunks than columns");
}
