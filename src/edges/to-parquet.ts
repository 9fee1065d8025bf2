import { toKeyValues, type DigestTimes, type EdgesMetadata } from "./metadata.js";
import type { Chunk } from "../parquet/chunk.js";
import { columnsOf, type Column } from "./encode-columns.js";
import { ParquetFile } from "../parquet/file.js";
import { ROW_GROUP_ROWS } from "./row-group.js";
import { nextTurn, turnIsOver } from "../turn.js";
import { newBatch, newNames, optionalColumnsOf, type EdgeBatch, type OptionalColumn } from "./table.js";

/** In a file without rows there is no telling: it has what flow logs give. */
const ALWAYS: readonly OptionalColumn[] = ["flows", "first", "last", "active"];

/**
 * Edges as a Parquet file, in blocks. The same batches, however they are cut, and the same metadata give the same
 * bytes. A row group is held in memory at a time; no turn of the event loop takes more than some milliseconds.
 *
 * Flows, times, activity and the further columns are in the file where the batches have them. It has no word for
 * `NOT_REJECTED`, and says null.
 *
 * @param metadata is called when all batches have been read
 * @throws RangeError when start and end of the digest differ between rows, which the file has once, or batches differ in
 *   their columns
 */
export async function* toParquet(
  batches: AsyncIterable<EdgeBatch>,
  metadata: () => EdgesMetadata,
): AsyncGenerator<Buffer> {
  const writer = new ParquetWriter();
  for await (const batch of batches) yield* writer.write(batch);
  yield* writer.close(metadata());
}

/** The same, for whoever has the batches one at a time. */
export class ParquetWriter {
  #writer: EdgeWriter | undefined;

  async *write(batch: EdgeBatch): AsyncGenerator<Buffer> {
    if (batch.rows === 0) return;
    if (this.#writer === undefined) {
      this.#writer = new EdgeWriter(batch);
      yield this.#writer.file.open();
    }
    yield* this.#writer.write(batch);
  }

  async *close(metadata: EdgesMetadata): AsyncGenerator<Buffer> {
    if (this.#writer === undefined) {
      this.#writer = new EdgeWriter(undefined);
      yield this.#writer.file.open();
    }
    yield* this.#writer.close(metadata);
  }
}

class EdgeWriter {
  readonly file: ParquetFile;
  readonly #columns: readonly Column[];
  readonly #digest: DigestTimes | undefined;
  readonly #optional: string;
  #rows = 0;

  /** @param first the first batch; undefined when there is none */
  constructor(first: EdgeBatch | undefined) {
    this.#columns = columnsOf(first ?? newBatch(newNames(), 0, ALWAYS));
    this.file = new ParquetFile(this.#columns.map(({ spec }) => spec));
    this.#optional = first === undefined ? "" : optionalColumnsOf(first).join(", ");
    this.#digest = first && Uint32Array.of(...first.start.subarray(0, 2), ...first.end.subarray(0, 2));
  }

  async *write(batch: EdgeBatch): AsyncGenerator<Buffer> {
    const optional = optionalColumnsOf(batch).join(", ");
    if (optional !== this.#optional) {
      throw new RangeError(`expected all batches to have the columns ${this.#optional}, got ${optional}`);
    }
    this.#checkDigest(batch);
    for (let from = 0; from < batch.rows;) {
      const to = Math.min(batch.rows, from + ROW_GROUP_ROWS - this.#rows);
      for (const { append } of this.#columns) {
        append(batch, from, to);
        if (turnIsOver()) await nextTurn();
      }
      this.#rows += to - from;
      from = to;
      if (this.#rows === ROW_GROUP_ROWS) yield* this.#endGroup();
    }
  }

  async *close(metadata: EdgesMetadata): AsyncGenerator<Buffer> {
    if (this.#rows > 0) yield* this.#endGroup();
    yield* this.file.close(toKeyValues(metadata, this.#digest));
  }

  async *#endGroup(): AsyncGenerator<Buffer> {
    this.#rows = 0;
    yield* this.file.rowGroup(chunks(this.#columns));
  }

  #checkDigest({ rows, start, end }: EdgeBatch): void {
    const [startLow, startHigh, endLow, endHigh] = this.#digest ?? [];
    for (let low = 0; low < 2 * rows; low += 2) {
      if (
        start[low] !== startLow ||
        start[low + 1] !== startHigh ||
        end[low] !== endLow ||
        end[low + 1] !== endHigh
      ) {
        throw new RangeError("expected start and end of the digest to be the same in each row");
      }
    }
  }
}

function* chunks(columns: readonly Column[]): Generator<Chunk> {
  for (const { take } of columns) yield take();
}
