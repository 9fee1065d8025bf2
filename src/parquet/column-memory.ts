import { IdleKernels } from "../idle-kernels.js";
import { instantiate } from "../web-assembly.js";

/** What `assembly/column.ts` exports. */
interface ColumnKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  allocate(bytes: number): number;
  reset(): void;
  newColumn(rows: number): number;
  blockOf(column: number): number;
  placesOf(column: number): number;
  beginPage(column: number): void;
  setLevels(column: number, at: number, end: number, rows: number): void;
  setIndices(column: number, at: number, end: number, width: number, count: number): void;
  setValues(column: number, kind: number, values: number, count: number): void;
  countPresent(at: number, end: number, rows: number): number;
  convert(from: number, count: number, bytes: number, to: number): void;
  take(column: number, rows: number): number;
}

/** How many bytes behind a piece may be read and written. */
const SPARE_BYTES = 8;

/** Those of files that were read, for the next ones. */
const idle = new IdleKernels<ColumnMemory>(64 * 1024 * 1024);

/** The memory of a Parquet file's columns, in which a kernel decodes them. */
export class ColumnMemory {
  // Its source stands in this folder.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  readonly kernel = instantiate("parquet/column.wasm") as unknown as ColumnKernel;
  /** All of it. Other arrays once it has grown. */
  bytes = new Uint8Array(this.kernel.memory.buffer);
  words = new Uint32Array(this.kernel.memory.buffer);
  doubles = new Float64Array(this.kernel.memory.buffer);

  static take(): ColumnMemory {
    return idle.take() ?? new ColumnMemory();
  }

  /** When nobody uses its columns any more. */
  giveBack(): void {
    this.kernel.reset();
    idle.keep(this, this.bytes.length);
  }

  newColumn(rows: number): number {
    return this.#allocated(this.kernel.newColumn(rows));
  }

  /** @throws RangeError when there are two gigabytes of it already */
  allocate(bytes: number): number {
    return this.#allocated(this.kernel.allocate(bytes));
  }

  #allocated(at: number): number {
    if (at === 0) throw new RangeError("pages that take more than two gigabytes together");
    const { buffer } = this.kernel.memory;
    if (buffer !== this.bytes.buffer) {
      this.bytes = new Uint8Array(buffer);
      this.words = new Uint32Array(buffer);
      this.doubles = new Float64Array(buffer);
    }
    return at;
  }
}

/** Some of the memory, which is given up for more where it is too small. */
export class Piece {
  at = 0;
  #room = 0;
  readonly #memory: ColumnMemory;

  constructor(memory: ColumnMemory) {
    this.#memory = memory;
  }

  reserve(bytes: number): void {
    if (bytes + SPARE_BYTES <= this.#room) return;
    this.#room = Math.max(bytes + SPARE_BYTES, 2 * this.#room);
    this.at = this.#memory.allocate(this.#room);
  }

  put(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.#memory.bytes.set(bytes, this.at);
  }
}
