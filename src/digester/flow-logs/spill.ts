import { mkdtemp, open, rm, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DependencyError, messageOf } from "../../errors.js";
import { NO_VALUES } from "../../flow-log/combinations.js";
import type { KeyTable } from "../../flow-log/key-table.js";
import { CHUNK_ROWS } from "../../flow-log/row-chunk.js";
import { ROW_DOUBLES, ROW_WORDS } from "../../flow-log/sum-row.js";

/** Rows that are added at a time while merging: some milliseconds during which nothing else runs. */
const BLOCK_ROWS = 8192;
const ROW_BYTES = ROW_WORDS * Uint32Array.BYTES_PER_ELEMENT;
const COMBINATION_BYTES = Uint32Array.BYTES_PER_ELEMENT;
/** Of a chunk whose rows have no further values. */
const NO_COMBINATIONS = new Uint32Array(CHUNK_ROWS);

/** Some rows of one partition: in the file first the rows, then their combinations, then pairs of index and units. */
interface Segment {
  readonly position: number;
  readonly rows: number;
  /** Whether any row has further values. */
  readonly hasCombinations: boolean;
  readonly units: number;
}

/**
 * Rows moved out of memory, to one temporary file that has no name from the moment it was opened: whatever becomes of
 * the process, nothing is left behind. The segments of a partition are merged in the order in which they were
 * written, so that rows keep their order of first appearance.
 */
export class Spill {
  readonly #file: FileHandle;
  readonly #segments: Segment[][];
  #end = 0;

  private constructor(file: FileHandle, partitions: number) {
    this.#file = file;
    this.#segments = Array.from({ length: partitions }, () => []);
  }

  /** @throws DependencyError ("digester") */
  static async create(directory: string | undefined, partitions: number): Promise<Spill> {
    return attempt(async () => {
      const folder = await mkdtemp(join(directory ?? tmpdir(), "flow-logs-"));
      try {
        return new Spill(await open(join(folder, "spill"), "w+", 0o600), partitions);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }

  /** Moves the rows of all partitions out: the tables are empty then. */
  async write(tables: readonly KeyTable[]): Promise<void> {
    for (const [partition, table] of tables.entries()) {
      if (table.size === 0) continue;
      const units = Float64Array.from([...table.units].flat());
      const hasCombinations = table.chunks.some(({ combinations }) => combinations !== undefined);
      const segment = { position: this.#end, rows: table.size, hasCombinations, units: units.length };
      const rowsOf = (chunk: number) => Math.min(CHUNK_ROWS, table.size - CHUNK_ROWS * chunk);
      for (const [chunk, { words }] of table.chunks.entries()) {
        await this.#append(words.subarray(0, ROW_WORDS * rowsOf(chunk)));
      }
      if (hasCombinations) {
        for (const [chunk, { combinations = NO_COMBINATIONS }] of table.chunks.entries()) {
          await this.#append(combinations.subarray(0, rowsOf(chunk)));
        }
      }
      await this.#append(units);
      this.#segments[partition]?.push(segment);
      table.clear();
    }
  }

  /** Adds all rows of a partition that were moved out to a table. */
  async read(partition: number, table: KeyTable, signal: AbortSignal): Promise<void> {
    for (const { position, rows, hasCombinations, units } of this.#segments[partition] ?? []) {
      const row = new Uint32Array(rows);
      const afterRows = position + rows * ROW_BYTES;
      for (let from = 0; from < rows; from += BLOCK_ROWS) {
        signal.throwIfAborted();
        const words = new Uint32Array(ROW_WORDS * Math.min(BLOCK_ROWS, rows - from));
        await this.#fill(words, position + from * ROW_BYTES);
        const combinations = hasCombinations ? new Uint32Array(words.length / ROW_WORDS) : undefined;
        if (combinations) await this.#fill(combinations, afterRows + from * COMBINATION_BYTES);
        merge(table, words, combinations, row.subarray(from));
      }
      const pairs = new Float64Array(units);
      await this.#fill(pairs, afterRows + (hasCombinations ? rows * COMBINATION_BYTES : 0));
      for (let at = 0; at < units; at += 2) {
        const index = pairs[at] ?? 0;
        const merged = row[Math.floor(index / ROW_DOUBLES)] ?? 0;
        table.addUnits(ROW_DOUBLES * merged + (index % ROW_DOUBLES), pairs[at + 1] ?? 0);
      }
    }
  }

  async close(): Promise<void> {
    await attempt(() => this.#file.close());
  }

  async #append(array: Uint32Array | Float64Array): Promise<void> {
    for (let from = 0; from < array.byteLength;) {
      const { bytesWritten } = await attempt(() =>
        this.#file.write(bytesOf(array), from, array.byteLength - from, this.#end),
      );
      from += bytesWritten;
      this.#end += bytesWritten;
    }
  }

  async #fill(array: Uint32Array | Float64Array, position: number): Promise<void> {
    for (let from = 0; from < array.byteLength;) {
      const { bytesRead } = await attempt(() =>
        this.#file.read(bytesOf(array), from, array.byteLength - from, position + from),
      );
      if (bytesRead === 0)
        throw new DependencyError("digester", "rows that were moved to a temporary file are gone");
      from += bytesRead;
    }
  }
}

/** Adds rows to a table and notes which of its rows each went to. */
function merge(
  table: KeyTable,
  words: Uint32Array,
  combinations: Uint32Array | undefined,
  row: Uint32Array,
): void {
  for (let from = 0; from < words.length / ROW_WORDS; from++) {
    row[from] = table.add(words, from, combinations?.[from] ?? NO_VALUES);
  }
}

function bytesOf(array: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

async function attempt<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw new DependencyError("digester", `can't keep rows in a temporary file: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
