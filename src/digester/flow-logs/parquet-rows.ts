import { CorruptInputError } from "../../errors.js";
import type { ColumnKernel } from "../../flow-log/column-kernel.js";
import { ColumnReader } from "../../flow-log/column-reader.js";
import {
  type AddressChoice,
  type Columns,
  columnsOf,
  recordOf,
  relevantField,
} from "../../flow-log/columns.js";
import { excerpt } from "../../flow-log/excerpt.js";
import { isHeader } from "../../flow-log/fields.js";
import { RecordError, type RecordIntake } from "../../flow-log/record.js";
import { remedy } from "../../flow-log/remedy.js";
import type { ParquetBytes } from "./parquet-bytes.js";
import type { ParquetColumn } from "./parquet-column.js";
import type { FlowColumn } from "./parquet-columns.js";

/** Takes in the records that are rows of columns. */
export class ParquetRows {
  readonly #file: ParquetBytes;
  readonly #key: string;
  readonly #fields: readonly string[];
  readonly #columns: readonly ParquetColumn[];
  readonly #intake: RecordIntake;
  readonly #format: Columns;
  readonly #reader: ColumnReader;
  /** Rows that were taken. */
  #row = 0;

  constructor(
    file: ParquetBytes,
    key: string,
    specs: readonly FlowColumn[],
    columns: readonly ParquetColumn[],
    intake: RecordIntake,
    addresses: AddressChoice,
    kernel: ColumnKernel,
  ) {
    this.#file = file;
    this.#key = key;
    this.#fields = specs.map(({ field }) => field);
    this.#columns = columns;
    this.#intake = intake;
    this.#format = columnsOf(this.#fields, addresses);
    const byField = new Map(columns.map((column, index) => [this.#fields[index] ?? "", column]));
    this.#reader = new ColumnReader(intake, addresses, byField, kernel);
  }

  /** @throws CorruptInputError naming the file and the row, MissingVpcError */
  take(rows: number): void {
    try {
      for (const column of this.#columns) column.take(rows);
    } catch (error) {
      throw this.#file.damage(error);
    }
    this.#reader.takeAll(rows, (row) => this.#takeAny(row));
    this.#row += rows;
  }

  /** The obvious path. */
  #takeAny(row: number): void {
    const where = `${this.#key}, row ${this.#row + row + 1}`;
    let words;
    try {
      words = this.#columns.map((column) => column.word(row));
    } catch (error) {
      if (!(error instanceof RecordError)) throw this.#file.damage(error);
      throw new CorruptInputError(`${where}: ${error.message}`, { cause: error });
    }
    // Of a table that was made of text with a header.
    if (isHeader(words) && words.every((word, index) => relevantField(word) === this.#fields[index])) return;
    try {
      this.#intake.add(recordOf(words, this.#format));
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      const text = words.join(" ");
      throw new CorruptInputError(`${where}: ${error.message}${remedy(text)}, in ${excerpt(text)}`, {
        cause: error,
      });
    }
  }
}
