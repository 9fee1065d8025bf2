import { setImmediate } from "node:timers/promises";
import type { RowGroup } from "hyparquet";
import type { AddressChoice } from "../../flow-log/columns.js";
import type { RecordIntake } from "../../flow-log/record.js";
import { TextReader } from "../../flow-log/text-reader.js";
import { ParquetBytes, type ParquetFile } from "./parquet-bytes.js";
import { readChunks } from "./parquet-chunks.js";
import { flowColumns, type FlowColumn } from "./parquet-columns.js";
import { readFooter } from "../../parquet/footer.js";
import { type RowTest, takeLines, type Values } from "./parquet-lines.js";
import { ColumnPages, MAX_HELD_VALUES } from "./parquet-pages.js";

/** Rows taken in at a time: some milliseconds during which nothing else runs. */
const BLOCK_ROWS = 4096;

/**
 * Takes in the records of a Parquet file. Of each column needed, the bytes of a row group and the values of a page are
 * held in memory at a time.
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
  const columns = await file.decoded(() => flowColumns(key, schema));
  const fields = columns.map(({ field }) => field);
  // As text, the rows take the fast path and meet the same checks.
  const reader = new TextReader(key, intake, { fields, addresses }, "row");
  const isWanted = vpcTest(intake);
  for (const group of groups) {
    for await (const lines of linesOf(key, file, group, columns, reader, isWanted)) {
      reader.push(lines);
      await afterBlock();
      await setImmediate();
      signal.throwIfAborted();
    }
  }
}

/** Whether a row is of a VPC that is wanted: what isn't, needn't become text. What is odd is left to the reader. */
function vpcTest(intake: RecordIntake): RowTest["isWanted"] | undefined {
  if (intake.vpcs === undefined) return undefined;
  // Of a dictionary, each value is one object.
  const known = new WeakMap<Uint8Array, boolean>();
  return (value) => {
    if (!(value instanceof Uint8Array)) return true;
    const isWanted = known.get(value) ?? intake.mayBeOf(Buffer.from(value).toString("latin1"));
    known.set(value, isWanted);
    if (!isWanted) intake.leaveOut();
    return isWanted;
  };
}

interface PagedValues extends Values {
  readonly pages: ColumnPages;
}

/** The rows of a group as lines, in blocks, each read before the next is made. */
async function* linesOf(
  key: string,
  file: ParquetBytes,
  group: RowGroup,
  columns: readonly FlowColumn[],
  { lines: rowsBefore }: { readonly lines: number },
  isWanted: RowTest["isWanted"] | undefined,
): AsyncGenerator<Buffer> {
  const chunks = await file.decoded(() => readChunks(file, group, columns));
  const values = chunks.map(({ column, ...chunk }): PagedValues => ({
    column,
    pages: new ColumnPages(column.element, chunk),
    page: [],
    at: 0,
  }));
  const vpcs = values.find(({ column }) => column.field === "vpc-id");
  const test = vpcs && isWanted && { column: vpcs, isWanted };
  const rows = Number(group.num_rows);
  for (let row = 0; row < rows;) {
    for (const column of values) {
      if (column.at < column.page.length) continue;
      column.page = [];
      column.at = 0;
      const held = values.reduce((sum, { pages, page }) => sum + pages.held + page.length, 0);
      column.page = await file.decoded(() => column.pages.next(MAX_HELD_VALUES - held));
      await setImmediate();
    }
    const block = Math.min(BLOCK_ROWS, ...values.map(({ page, at }) => page.length - at));
    const firstRow = rowsBefore + row + 1;
    yield await file.decoded(() => takeLines(key, values, block, firstRow, test));
    row += block;
  }
}
