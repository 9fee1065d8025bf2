import { CorruptInputError } from "../../errors.js";
import { writeDecimal } from "../../flow-log/decimal.js";
import { RecordError } from "../../flow-log/record.js";
import type { FlowColumn } from "./parquet-columns.js";

/** What most rows take, so that the block seldom has to grow. */
const ROW_BYTES = 160;
/** What a number takes at most, a decimal of 76 digits. */
const NUMBER_BYTES = 80;
const LINE_FEED = 0x0a;
const SPACE = 0x20;
const DASH = 0x2d;

/** Values of a column, and how many of them were taken. */
export interface Values {
  readonly column: FlowColumn;
  page: ArrayLike<unknown>;
  at: number;
}

/** Whether a row is wanted, by its value in one column. */
export interface RowTest {
  readonly column: Values;
  readonly isWanted: (value: unknown) => boolean;
}

/**
 * The next rows as lines of text, byte by byte; a row that isn't wanted is a blank line. The values are there.
 *
 * @throws CorruptInputError naming the file, row and column
 */
export function takeLines(
  key: string,
  columns: readonly Values[],
  rows: number,
  firstRow: number,
  test?: RowTest,
): Buffer {
  let block = Buffer.allocUnsafe(rows * ROW_BYTES);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    if (test !== undefined && !test.isWanted(test.column.page[test.column.at])) {
      for (const values of columns) values.at++;
      if (at === block.length) block = Buffer.concat([block], 2 * at);
      block[at++] = LINE_FEED;
      continue;
    }
    for (const values of columns) {
      const { column, page } = values;
      let value;
      try {
        value = column.read(page[values.at++]);
        const needed = at + 1 + (value instanceof Uint8Array ? value.length : NUMBER_BYTES);
        if (needed > block.length) block = Buffer.concat([block], 2 * needed);
        at = write(block, at, value);
      } catch (error) {
        if (!(error instanceof RecordError)) throw error;
        throw new CorruptInputError(`${key}, row ${firstRow + row}: ${error.message}`, { cause: error });
      }
      block[at++] = SPACE;
    }
    block[at - 1] = LINE_FEED;
  }
  return block.subarray(0, at);
}

function write(block: Buffer, at: number, value: ReturnType<FlowColumn["read"]>): number {
  if (value instanceof Uint8Array) return writeText(block, at, value);
  if (typeof value === "string") return at + block.write(value, at, "latin1");
  if (value === null) {
    block[at] = DASH;
    return at + 1;
  }
  const number = Number(value);
  if (number >= 0 && Number.isSafeInteger(number)) return writeDecimal(block, at, number);
  return at + block.write(String(value), at, "latin1");
}

function writeText(block: Buffer, at: number, text: Uint8Array): number {
  if (text.length === 0) {
    block[at] = DASH;
    return at + 1;
  }
  for (let i = 0; i < text.length; i++) {
    const byte = text[i] ?? SPACE;
    // It would be read as two values, or two lines.
    if (byte <= SPACE) {
      throw new RecordError(
        "a value without spaces or control characters",
        Buffer.from(text).toString("utf8"),
      );
    }
    block[at + i] = byte;
  }
  return at + text.length;
}
