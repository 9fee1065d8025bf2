import { setImmediate } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import {
  parquetScan,
  parquetSchema,
  parquetMetadataAsync,
  type AsyncBuffer,
  type DecodedArray,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { CorruptInputError } from "../../errors.js";
import { isRelevant, missingFields, type AddressChoice } from "../../flow-log/columns.js";
import type { RecordIntake } from "../../flow-log/record.js";
import { TextReader } from "../../flow-log/text-reader.js";
import { linesOf } from "./parquet-lines.js";
import { PARQUET_WHOLE_BYTES, type LogObject } from "./source.js";

/** Rows taken in at a time: some milliseconds during which nothing else runs. */
const BLOCK_ROWS = 4096;
/** Node's own gunzip is faster, and checks the checksum. */
const CODECS = { ...compressors, GZIP: (input: Uint8Array) => gunzipSync(input) };

/**
 * Takes in the records of a Parquet file. A row group of the columns needed is held in memory at a time.
 *
 * @param afterBlock is awaited now and then, with all records taken in that were read so far
 * @throws CorruptInputError naming the object, or whatever the object's stream or `afterBlock` failed with
 */
export async function readParquet(
  object: LogObject,
  intake: RecordIntake,
  addresses: AddressChoice,
  afterBlock: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const file = new ObjectBuffer(object, signal);
  const { names, scan } = await file.decoded(async () => {
    const metadata = await parquetMetadataAsync(file);
    const schema = parquetSchema(metadata).children.map(({ element }) => element.name);
    const columns = schema.filter((name) => isRelevant(fieldOf(name)));
    return { names: columns, scan: await parquetScan({ file, metadata, columns, compressors: CODECS }) };
  });
  const fields = names.map(fieldOf);
  const missing = missingFields(fields);
  if (missing.length > 0) {
    throw new CorruptInputError(`${object.key}: expected the columns ${missing.join(", ")} as well`);
  }
  // As text, the rows take the fast path and meet the same checks.
  const reader = new TextReader(object.key, intake, { fields, addresses }, "row");
  for (const { rowStart, rowEnd } of scan.ranges) {
    const data: DecodedArray[] = [];
    for (const column of names) {
      const values = await file.decoded(() => scan.readColumn({ column, rowStart, rowEnd }));
      if (values.length !== rowEnd - rowStart) {
        throw new CorruptInputError(
          `${object.key}: expected ${rowEnd - rowStart} values of ${column}, got ${values.length}`,
        );
      }
      data.push(values);
      await setImmediate();
    }
    for (let from = 0; from < rowEnd - rowStart; from += BLOCK_ROWS) {
      const to = Math.min(from + BLOCK_ROWS, rowEnd - rowStart);
      reader.push(linesOf(data, from, to));
      if (reader.lines !== rowStart + to) {
        throw new CorruptInputError(
          `${object.key}, before row ${rowStart + to}: expected no line feed in a value`,
        );
      }
      await afterBlock();
      await setImmediate();
      signal.throwIfAborted();
    }
  }
}

/** In Parquet the fields are named with underscores. */
function fieldOf(column: string): string {
  return column.replaceAll("_", "-");
}

/** An object as the Parquet reader wants it. */
class ObjectBuffer implements AsyncBuffer {
  readonly byteLength: number;
  readonly #object: LogObject;
  readonly #signal: AbortSignal;
  #whole: Promise<ArrayBuffer> | undefined;
  #failure: Error | undefined;

  constructor(object: LogObject, signal: AbortSignal) {
    this.byteLength = object.size;
    this.#object = object;
    this.#signal = signal;
  }

  async slice(start: number, end = this.byteLength): Promise<ArrayBuffer> {
    if (start < 0 || end > this.byteLength || end < start) {
      throw new RangeError(`bytes ${start} to ${end} of ${this.byteLength}`);
    }
    try {
      if (this.byteLength > PARQUET_WHOLE_BYTES) return await this.#read({ start, end });
      this.#whole ??= this.#read();
      return (await this.#whole).slice(start, end);
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  /** Runs a step of the Parquet reader. What it fails with is damage to the file, unless reading the bytes failed. */
  async decoded<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (this.#failure !== undefined) throw this.#failure;
      const reason = error instanceof Error ? error.message : String(error);
      throw new CorruptInputError(
        `${this.#object.key}: expected a sound Parquet file, got an error: ${reason}`,
        {
          cause: error,
        },
      );
    }
  }

  async #read(range?: { readonly start: number; readonly end: number }): Promise<ArrayBuffer> {
    const expected = range === undefined ? this.byteLength : range.end - range.start;
    const bytes = new Uint8Array(expected);
    let at = 0;
    const blocks: AsyncIterable<Buffer> = this.#object.open(this.#signal, range);
    for await (const block of blocks) {
      if (at + block.length <= expected) bytes.set(block, at);
      at += block.length;
    }
    if (at === expected) return bytes.buffer;
    throw new Error(`expected ${expected} bytes, got ${at}: it was changed while it was read`);
  }
}
