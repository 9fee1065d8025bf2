import { IdleKernels } from "../idle-kernels.js";
import { instantiate } from "../web-assembly.js";
import { FURTHER_FIELDS } from "./further-fields.js";
import type { Place } from "./line-kernel.js";
import { ACTIVE_PARTS, ROW_WORDS } from "./sum-row.js";

/** Rows of a block, at most. */
export const BLOCK_ROWS = 1024;
/** All fields, and what stands for those that aren't there. */
const MAX_COLUMNS = 48;
const DOUBLE_BYTES = 8;
const FIELDS = FURTHER_FIELDS.length;

/** See `assembly/columns.ts`. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly roles: Place;
  readonly results: Place;
  readonly rows: Place;
  readonly further: Place;
  readonly columns: Place;
  begin(start: number, stop: number, partsPerSecond: number): void;
  clear(): void;
  take(from: number, to: number): number;
  takeLeastStart(): number;
}

/** Of the results. */
const [ROWS, OUTSIDE, NODATA, SKIPDATA, UNKNOWN_COLUMN] = [0, 1, 2, 3, 4];

/** What columns are there for, by their numbers, in the order that the kernel has them. */
export interface Roles {
  readonly usual: readonly number[];
  readonly further: readonly { readonly field: number; readonly column: number }[];
}

/** Those that nobody has. */
const idle = new IdleKernels<ColumnKernel>(16 * 1024 * 1024);

/** The kernel in WebAssembly that makes rows of usual records in columns, with the memory that these are in. */
export class ColumnKernel {
  /** By the numbers of columns, what each has for the rows of a block. */
  readonly blocks: readonly Float64Array[];
  /** The rows made, of `ROW_WORDS` words each. */
  readonly words: Uint32Array;
  /** For each row the numbers of its further values + 1. */
  readonly further: Int32Array;
  /** Bit n is set when there is the further field n. */
  furtherFields = 0;
  readonly #exports: Exports;
  readonly #roles: Int32Array;
  readonly #results: Int32Array;

  private constructor() {
    // The exports are those of `assembly/columns.ts`.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const exports = instantiate("flow-log/columns.wasm") as unknown as Exports;
    const { buffer } = exports.memory;
    this.#exports = exports;
    this.blocks = Array.from({ length: MAX_COLUMNS }, (_, column) => {
      const at = exports.columns.value + DOUBLE_BYTES * BLOCK_ROWS * column;
      return new Float64Array(buffer, at, BLOCK_ROWS);
    });
    this.words = new Uint32Array(buffer, exports.rows.value, ROW_WORDS * BLOCK_ROWS);
    this.further = new Int32Array(buffer, exports.further.value, FIELDS * BLOCK_ROWS);
    this.#roles = new Int32Array(buffer, exports.roles.value, 64);
    this.#results = new Int32Array(buffer, exports.results.value, 5);
  }

  /** To be given back. */
  static take(): ColumnKernel {
    return idle.take() ?? new ColumnKernel();
  }

  giveBack(): void {
    this.clear();
    idle.keep(this, this.#exports.memory.buffer.byteLength);
  }

  /** @param window in seconds since 1970 */
  begin({ start, stop }: { readonly start: number; readonly stop: number }, { usual, further }: Roles): void {
    this.#exports.begin(start, stop, ACTIVE_PARTS / (stop - start));
    this.#roles.set([...usual, further.length, ...further.flatMap(({ field, column }) => [field, column])]);
    this.furtherFields = further.reduce((bits, { field }) => bits | (1 << field), 0);
  }

  /** Takes the records of the block from one up to another, and returns which wasn't taken, if any. */
  take(from: number, to: number): number {
    return this.#exports.take(from, to);
  }

  /** Of the record that wasn't taken the column whose text has no number yet, -1 where something else is unusual. */
  get unknownColumn(): number {
    return this.#results[UNKNOWN_COLUMN] ?? -1;
  }

  /** What was made of records since this was cleared, and how many others there were. */
  get rows(): number {
    return this.#results[ROWS] ?? 0;
  }

  get outsideWindow(): number {
    return this.#results[OUTSIDE] ?? 0;
  }

  get nodata(): number {
    return this.#results[NODATA] ?? 0;
  }

  get skipdata(): number {
    return this.#results[SKIPDATA] ?? 0;
  }

  /** The least start of the rows, as it is written. */
  takeLeastStart(): number {
    return this.#exports.takeLeastStart();
  }

  clear(): void {
    this.#exports.clear();
  }
}
