import { randomFillSync } from "node:crypto";
import { IdleKernels } from "../idle-kernels.js";
import { instantiate } from "../web-assembly.js";
import type { Combinations } from "./combinations.js";
import { KeyTable, type Tables } from "./key-table.js";
import { type LineExports, LineKernel, type Place } from "./line-kernel.js";
import { KNOWN_PORTS } from "./services.js";
import { CHUNK_ROWS } from "./row-chunk.js";
import { checkedFlows, ROW_DOUBLES, ROW_WORDS } from "./sum-row.js";

/** See `assembly/sums.ts`. */
interface Exports extends LineExports {
  readonly row: Place;
  readonly waiting: Place;
  readonly waitingRows: Place;
  readonly wentTo: Place;
  readonly secret: Place;
  readonly tables: Place;
  readonly knownPorts: Place;
  add(table: number, place: number, combination: number): number;
  push(combination: number): void;
  flush(): void;
  addDecided(place: number, combination: number): number;
  hashOf(place: number): bigint;
  chunkAt(table: number, chunk: number): number;
  combinationsAt(table: number, chunk: number): number;
  clear(table: number): void;
  clearAll(): void;
}

/** So that no single table gets large: one that grows stops everything for a moment. */
const PARTITIONS = 64;
const TABLE_WORDS = 8;
const MAX_WAITING = 64;
const SECRET_WORDS = 12;
/** Those that no job has: one of a large job, or some of small ones. */
const idle = new IdleKernels<SumsKernel>(96 * 1024 * 1024);

/**
 * The kernel in WebAssembly that adds up records, with the memory of its tables: those of rows whose serving end is told, and
 * those of the others, which keep both ports until all of the window has been read. A row's partition is told by its
 * key alone, and rows keep their order of first appearance within it: the same records in the same order give the same rows.
 *
 * Its memory is shared, though with no thread: views of it stay what they are when it grows.
 */
export class SumsKernel implements Tables {
  /** Rows of records that wait to be added, and as doubles the same memory. */
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  readonly decided: readonly KeyTable[];
  /** All rows of a pair of endpoints are in one partition. */
  readonly open: readonly KeyTable[];
  readonly lines: LineKernel;
  readonly #exports: Exports;
  readonly #row: number;
  readonly #rowWords: Uint32Array;
  readonly #waiting: Int32Array;
  readonly #tables: Int32Array;
  readonly #wentTo: Int32Array;
  #combinations: Combinations | undefined;

  private constructor() {
    const exports = this.#instantiate();
    const { buffer } = exports.memory;
    this.#exports = exports;
    this.#row = exports.row.value;
    this.#rowWords = new Uint32Array(buffer, this.#row, ROW_WORDS);
    this.#waiting = new Int32Array(buffer, exports.waiting.value, 1);
    this.words = new Uint32Array(buffer, exports.waitingRows.value, ROW_WORDS * MAX_WAITING);
    this.doubles = new Float64Array(buffer, exports.waitingRows.value, ROW_DOUBLES * MAX_WAITING);
    this.#tables = new Int32Array(buffer, exports.tables.value, TABLE_WORDS * 2 * PARTITIONS);
    this.#wentTo = new Int32Array(buffer, exports.wentTo.value, 2);
    new Uint8Array(buffer, exports.knownPorts.value, KNOWN_PORTS.length).set(KNOWN_PORTS);
    const secret = randomFillSync(new Uint32Array(SECRET_WORDS));
    // Every second of the six numbers of 64 bits multiplies, and is odd.
    new Uint32Array(buffer, exports.secret.value, SECRET_WORDS).set(
      secret.map((word, at) => (at % 4 === 2 ? word | 1 : word)),
    );
    const tables = Array.from({ length: 2 * PARTITIONS }, (_, number) => new KeyTable(this, number));
    this.decided = tables.slice(0, PARTITIONS);
    this.open = tables.slice(PARTITIONS);
    this.lines = new LineKernel(exports);
  }

  /** One whose tables are empty, to be given back. */
  static take(combinations: Combinations): SumsKernel {
    const kernel = idle.take() ?? new SumsKernel();
    kernel.#combinations = combinations;
    return kernel;
  }

  /** When nobody reads its tables any more. */
  giveBack(): void {
    for (const table of [...this.decided, ...this.open]) table.clear();
    this.#exports.clearAll();
    this.lines.forget();
    this.#combinations = undefined;
    idle.keep(this, this.#exports.memory.buffer.byteLength);
  }

  /** The number of the row among those that wait which is to be written next. */
  get next(): number {
    return this.#waiting[0] ?? 0;
  }

  /**
   * Adds the row that is written, of one record or of some that were summed elsewhere, whose packets and bytes are below
   * `SUM_UNIT`: sooner or later, before anybody reads tables. The first look at it may set the port of the end that doesn't
   * serve to 0.
   */
  push(combination: number): void {
    this.#exports.push(combination);
  }

  /** Adds the rows that wait. */
  flush(): void {
    this.#exports.flush();
  }

  /**
   * Adds a row of an open table, when it has been told which end serves.
   *
   * @param words of a chunk
   */
  addDecided(words: Uint32Array, at: number, combination: number): number {
    return this.#exports.addDecided(words.byteOffset + words.BYTES_PER_ELEMENT * at, combination);
  }

  /** The table that the last row was added to, and the number of its row there. */
  get wentTo(): { readonly table: KeyTable; readonly row: number } {
    return { table: this.#table(this.#wentTo[0] ?? 0), row: this.#wentTo[1] ?? 0 };
  }

  sizeOf(table: number): number {
    if (this.next > 0) this.flush();
    return this.#tables[TABLE_WORDS * table] ?? 0;
  }

  add(table: number, words: Uint32Array, from: number, combination: number): number {
    for (let word = 0; word < ROW_WORDS; word++) this.#rowWords[word] = words[from + word] ?? 0;
    return this.#exports.add(table, this.#row, combination);
  }

  /** The hash of a row's key. Secret: nothing that is written may depend on it. */
  hashOf(words: Uint32Array): number {
    this.#rowWords.set(words);
    return Number(this.#exports.hashOf(this.#row) & 0xffff_ffffn);
  }

  wordsOf(table: number, chunk: number): Uint32Array {
    const place = this.#exports.chunkAt(table, chunk) >>> 0;
    return new Uint32Array(this.#exports.memory.buffer, place, ROW_WORDS * CHUNK_ROWS);
  }

  combinationsOf(table: number, chunk: number): Uint32Array | undefined {
    const place = this.#exports.combinationsAt(table, chunk) >>> 0;
    return place === 0 ? undefined : new Uint32Array(this.#exports.memory.buffer, place, CHUNK_ROWS);
  }

  clear(table: number): void {
    this.#exports.clear(table);
  }

  #table(number: number): KeyTable {
    const table = number < PARTITIONS ? this.decided[number] : this.open[number - PARTITIONS];
    if (table === undefined) throw new RangeError(`no table has the number ${number}`);
    return table;
  }

  #instantiate(): Exports {
    const imports = {
      sums: {
        agreed: (one: number, other: number) => this.#combinations?.agreed(one, other),
        carry: (table: number, index: number) => this.#table(table).addUnits(index, 1),
        tooManyFlows: () => checkedFlows(Number.POSITIVE_INFINITY),
        noMemory: () => {
          throw new RangeError("expected sums of a job to take less than 4 GB of memory, got more");
        },
      },
      lines: {
        combinationOf: () => this.#combinations?.intern(this.lines.further),
        note: (networkInterface: number) => this.lines.noted?.add(networkInterface),
      },
    };
    // The exports are those of `assembly/lines.ts`.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return instantiate("flow-log/lines.wasm", imports) as unknown as Exports;
  }
}
