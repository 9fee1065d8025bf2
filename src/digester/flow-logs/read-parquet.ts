import { BLOCK_ROWS, ColumnKernel } from "../../flow-log/column-kernel.js";
import { textCoderOf } from "../../flow-log/field-column.js";
import { type AddressChoice, neededFields } from "../../flow-log/columns.js";
import type { RecordIntake } from "../../flow-log/record.js";
import { readFooter } from "../../parquet/footer.js";
import { ColumnMemory } from "../../parquet/column-memory.js";
import { nextTurn, turnIsOver } from "../../turn.js";
import { ParquetBytes, type ParquetFile } from "./parquet-bytes.js";
import { readChunks } from "./parquet-chunks.js";
import { ParquetColumn } from "./parquet-column.js";
import { flowColumns } from "./parquet-columns.js";
import { MAX_HELD_VALUES } from "./parquet-pages.js";
import { ParquetRows } from "./parquet-rows.js";

/**
 * Takes in the records of a Parquet file. Of each column needed, the bytes of a row group and a page are held in memory
 * at a time.
 *
 * @param afterBlock is awaited now and then, with all records taken in that were read so far
 * @throws ForeignFileError when its columns have nothing of a flow log, before a record was taken in
 * @throws CorruptInputError naming the object, or whatever the object's stream or `afterBlock` failed with
 */
export async function readParquet(
  parquet: ParquetFile,
  intake: RecordIntake,
  addresses: AddressChoice,
  afterBlock: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { key } = parquet;
  const file = new ParquetBytes(parquet, signal);
  const { schema, row_groups: groups } = await file.decoded(() => readFooter(file));
  const found = await file.decoded(() => flowColumns(key, schema));
  const needed = neededFields(
    found.map(({ field }) => field),
    addresses,
  );
  const specs = found.filter(({ field }) => needed.has(field));
  const memory = ColumnMemory.take();
  const kernel = ColumnKernel.take();
  try {
    const columns = specs.map((spec, index) => {
      const block = kernel.blocks[index];
      if (block === undefined) throw new RangeError("more columns than there are fields");
      return new ParquetColumn(spec, textCoderOf(spec.field, intake), memory, block);
    });
    const rows = new ParquetRows(file, key, specs, columns, intake, addresses, kernel);
    for (const group of groups) {
      const chunks = await file.decoded(() => readChunks(file, group, specs));
      for (const [index, chunk] of chunks.entries()) columns[index]?.begin(chunk);
      const count = Number(group.num_rows);
      for (let row = 0; row < count;) {
        await turnPages(file, columns);
        const block = Math.min(BLOCK_ROWS, ...columns.map(({ left }) => left));
        rows.take(block);
        row += block;
        await afterBlock();
        if (turnIsOver()) await nextTurn();
        signal.throwIfAborted();
      }
    }
  } finally {
    memory.giveBack();
    kernel.giveBack();
  }
}

/** Goes on with the next page of each column that has no row left. */
async function turnPages(file: ParquetBytes, columns: readonly ParquetColumn[]): Promise<void> {
  for (const column of columns) {
    if (column.left > 0) continue;
    const room = MAX_HELD_VALUES - columns.reduce((sum, { held }) => sum + held, 0);
    await file.decoded(() => column.turn(room));
    if (turnIsOver()) await nextTurn();
  }
}
