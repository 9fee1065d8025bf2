import type { FileMetaData, RowGroup } from "hyparquet";
import { chunkPlace, type ChunkPlace } from "../parquet/chunk-place.js";
import { readFooter } from "../parquet/footer.js";
import { ParquetError, readChunk } from "../parquet/read-chunk.js";
import { nextTurn, turnIsOver } from "../turn.js";
import { SourceReader, type ByteSource } from "./byte-source.js";
import { BatchParts, columnsToRead, type FileColumn } from "./decode-columns.js";
import type { DigestTimes, EdgesMetadata } from "./metadata.js";
import { fromKeyValues } from "./read-metadata.js";
import { MAX_ROW_GROUP_ROWS, MAX_VALUE_BYTES } from "./row-group.js";
import { BATCH_ROWS, newNames, partOf, type EdgeBatch, type Names, type OptionalColumn } from "./table.js";

/** What is read first: the footer of some dozens of row groups. */
const TAIL_BYTES = 64 * 1024;
/** Columns that lie side by side are read at once, so many bytes of them: a row group usually has some megabytes. */
const MAX_READ_BYTES = 8 * 1024 * 1024;
/** Of pages, and what gzip adds to what it can't compress. */
const MAX_HEADER_BYTES = 64 * 1024;
/** Columns expanded at a time: as many as libuv's pool has threads. */
const COLUMNS_AT_ONCE = 4;

/**
 * A Parquet file of edges, as `toParquet` writes it. What is damaged, or was made to harm, ends in a `CorruptInputError`
 * and takes no more memory than a sound file of as many rows may.
 */
export class ParquetEdges {
  readonly metadata: EdgesMetadata;
  readonly rows: number;
  readonly #file: SourceReader;
  readonly #groups: readonly RowGroup[];
  readonly #columns: ReadonlyMap<string, { readonly optional: boolean }>;
  readonly #digest: DigestTimes | undefined;

  private constructor(file: SourceReader, footer: FileMetaData) {
    const { metadata, digest } = fromKeyValues(footer.key_value_metadata ?? []);
    this.metadata = metadata;
    this.rows = footer.row_groups.reduce((sum, group) => sum + rowsOf(group), 0);
    this.#file = file;
    this.#groups = footer.row_groups;
    this.#columns = new Map(
      footer.schema.map(({ name, repetition_type: repetition }) => [
        name,
        { optional: repetition === "OPTIONAL" },
      ]),
    );
    this.#digest = digest;
  }

  /**
   * Reads the end of the file.
   *
   * @param signal ends this, and all reading later on
   * @throws CorruptInputError when it is no such file, or whatever `source.read` fails with
   */
  static async open(source: ByteSource, signal: AbortSignal): Promise<ParquetEdges> {
    const file = new SourceReader(source, signal);
    return file.decoded("footer", async () => new ParquetEdges(file, await readFooter(file, TAIL_BYTES)));
  }

  /**
   * The edges, in batches of up to `BATCH_ROWS`. A row group is held in memory at a time.
   *
   * @param columns the optional ones that are wanted; all, unless given
   * @throws CorruptInputError when the file is damaged, or whatever `source.read` fails with
   */
  async *batches(columns?: ReadonlySet<OptionalColumn>): AsyncGenerator<EdgeBatch> {
    const names = newNames();
    for (const [index, group] of this.#groups.entries()) {
      const batch = await this.#readGroup(group, `row group ${index + 1}`, names, columns);
      for (let from = 0; from < batch.rows; from += BATCH_ROWS) {
        yield partOf(batch, from, Math.min(from + BATCH_ROWS, batch.rows));
      }
    }
  }

  async #readGroup(
    group: RowGroup,
    where: string,
    names: Names,
    wanted: ReadonlySet<OptionalColumn> | undefined,
  ): Promise<EdgeBatch> {
    const file = this.#file;
    const parts = new BatchParts(names);
    const columns = columnsToRead(new Set(this.#columns.keys()), wanted);
    const runs = await file.decoded(where, () =>
      runsOf(columns.map((column) => ({ column, place: this.#placeOf(group, column.name) }))),
    );
    for (const run of runs) {
      const bytes = await file.read(run.start, run.end);
      for (let at = 0; at < run.chunks.length; at += COLUMNS_AT_ONCE) {
        const chunks = run.chunks.slice(at, at + COLUMNS_AT_ONCE);
        const expanded = await Promise.all(
          chunks.map(({ column: { name }, place }) =>
            file.decoded(`${where}, ${name}`, () => {
              const pages = bytes.subarray(place.start - run.start, place.end - run.start);
              const { optional = false } = this.#columns.get(name) ?? {};
              return readChunk(pages, place, optional, MAX_VALUE_BYTES);
            }),
          ),
        );
        // In their order, so that the same file gives texts the same numbers.
        for (const [index, data] of expanded.entries()) {
          const { column } = chunks[index] ?? {};
          await file.decoded(`${where}, ${column?.name}`, () => column && parts.add(column, data));
          if (turnIsOver()) await nextTurn();
        }
      }
    }
    return file.decoded(where, () => parts.batch(rowsOf(group), this.#digest));
  }

  #placeOf(group: RowGroup, name: string): ChunkPlace {
    const place = chunkPlace(this.#file.byteLength, group, name);
    const max = place.rows * MAX_VALUE_BYTES + MAX_HEADER_BYTES;
    if (place.end - place.start <= max) return place;
    throw new ParquetError(`at most ${max} bytes of ${name}`, String(place.end - place.start));
  }
}

function rowsOf({ num_rows: rows }: RowGroup): number {
  if (rows >= 0 && rows <= MAX_ROW_GROUP_ROWS) return Number(rows);
  throw new ParquetError(`row groups of at most ${MAX_ROW_GROUP_ROWS} rows`, String(rows));
}

interface Chunk {
  readonly column: FileColumn;
  readonly place: ChunkPlace;
}

interface Run {
  readonly start: number;
  end: number;
  readonly chunks: Chunk[];
}

/** Chunks that lie side by side, to be read at once. */
function runsOf(chunks: readonly Chunk[]): Run[] {
  const runs: Run[] = [];
  for (const chunk of chunks) {
    const { start, end } = chunk.place;
    const run = runs.at(-1);
    if (run?.end === start && end - run.start <= MAX_READ_BYTES) {
      run.end = end;
      run.chunks.push(chunk);
    } else {
      runs.push({ start, end, chunks: [chunk] });
    }
  }
  return runs;
}
