import { instantiate } from "../web-assembly.js";
import { ACTIVE_PARTS } from "./aggregation.js";
import { FURTHER_FIELDS } from "./further-fields.js";
import type { LineLayout } from "./line-layout.js";
import { ROW_WORDS } from "./sum-row.js";

const FIELDS = FURTHER_FIELDS.length;
const LAYOUT_WORDS = 64;

/** See `assembly/lines.ts`. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly layout: Place;
  readonly values: Place;
  readonly results: Place;
  readonly rows: Place;
  readonly further: Place;
  readonly spans: Place;
  readonly input: Place;
  begin(start: number, stop: number, partsPerSecond: number, accounts: boolean, vpcs: boolean): void;
  forget(): void;
  remember(table: number, from: number, to: number, number: number): void;
  find(table: number, count: number, shift: number): void;
  take(start: number, filled: number): number;
  takeLeastStart(): number;
}
interface Place {
  readonly value: number;
}

/** A window, in seconds since 1970, and whether accounts or VPCs are selected. */
interface Wanted {
  readonly start: number;
  readonly stop: number;
  readonly accounts: unknown;
  readonly vpcs: unknown;
}

/** The tables that texts are numbered by. The last two are asked where accounts, or VPCs, are selected. */
export const [ACCOUNTS, INTERFACES, ADDRESSES, FURTHER_TEXTS, VPCS, SELECTED_ACCOUNTS] = [
  0, 1, 2, 3, 4, 5,
] as const;
/** Instead of a number: records with this account, or VPC, are left out. */
export const LEFT_OUT = -2;

/** How much of text is taken in at a time, at most: a line, what is left of the one before, and what is read too much. */
const INPUT_BYTES = 2 * 64 * 1024 + 128;
const MAX_VALUES = 1006;
const MAX_SPANS = 4096;
const MAX_ROWS = 1024;

/** Those that no job has. */
const idle: LineKernel[] = [];

/**
 * The kernel in WebAssembly that reads usual lines, with its memory. It has what texts are numbered, as far as it was told,
 * and nothing else of a job. Of the readers of a job, one at a time is in the middle of a file.
 */
export class LineKernel {
  /** Where lines are, and the absent values before them. */
  readonly input: Buffer;
  /** Where the values of a line begin in the input. */
  readonly values: Int32Array;
  /** Where texts begin that are to be found, and behind that where they end. */
  readonly spans: Int32Array;
  /** Rows of records, of `ROW_WORDS` words each; as doubles the same memory. */
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  /** For each row the numbers of its further values + 1. */
  readonly further: Int32Array;
  /** Bit n is set when lines have the further field n. */
  furtherFields = 0;
  readonly #exports: Exports;
  #used: LineLayout | undefined;
  readonly #layout: Int32Array;
  /** Lines, rows, records outside the window, and records that aren't selected. */
  readonly #results: Int32Array;

  private constructor() {
    // The exports are those of `assembly/lines.ts`.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const exports = instantiate("flow-log/lines.wasm") as unknown as Exports;
    const { buffer } = exports.memory;
    this.#exports = exports;
    this.input = Buffer.from(buffer, exports.input.value, INPUT_BYTES);
    this.values = new Int32Array(buffer, exports.values.value, MAX_VALUES);
    this.spans = new Int32Array(buffer, exports.spans.value, 2 * MAX_SPANS);
    this.words = new Uint32Array(buffer, exports.rows.value, ROW_WORDS * MAX_ROWS);
    this.doubles = new Float64Array(buffer, exports.rows.value, (ROW_WORDS / 2) * MAX_ROWS);
    this.further = new Int32Array(buffer, exports.further.value, FIELDS * MAX_ROWS);
    this.#layout = new Int32Array(buffer, exports.layout.value, LAYOUT_WORDS);
    this.#results = new Int32Array(buffer, exports.results.value, 4);
  }

  /** One that knows no text, to be given back. */
  static take(): LineKernel {
    return idle.pop() ?? new LineKernel();
  }

  giveBack(): void {
    this.#exports.forget();
    idle.push(this);
  }

  /** What lines are read for, until this is called again. */
  begin({ start, stop, accounts, vpcs }: Wanted): void {
    const partsPerSecond = ACTIVE_PARTS / (stop - start);
    this.#exports.begin(start, stop, partsPerSecond, accounts !== undefined, vpcs !== undefined);
  }

  use(layout: LineLayout): void {
    if (layout === this.#used) return;
    this.#used = layout;
    const { front, columns } = layout;
    const { further = [] } = columns;
    this.furtherFields = further.reduce((bits, { field }) => bits | (1 << field), 0);
    this.#layout.set([
      columns.width,
      front,
      columns.version,
      columns.account,
      columns.interface,
      columns.source,
      columns.sourceFallback,
      columns.destination,
      columns.destinationFallback,
      columns.sourcePort,
      columns.destinationPort,
      columns.protocol,
      columns.packets,
      columns.bytes,
      columns.start,
      columns.end,
      columns.action,
      columns.tcpFlags,
      columns.status,
      columns.vpc,
      further.length,
      ...further.flatMap(({ field, value }) => [field, value]),
    ]);
  }

  /** From now on the text between two places of the input has this number in a table, or `LEFT_OUT`. */
  remember(table: number, from: number, to: number, number: number): void {
    this.#exports.remember(table, from, to, number);
  }

  /**
   * Puts the numbers of so many texts in the places of where they begin, `UNKNOWN` for one that nobody told.
   *
   * @param shift is added to their places, which makes them those of the input
   */
  find(table: number, count: number, shift: number): void {
    this.#exports.find(table, count, shift);
  }

  /**
   * Takes usual lines from `start` on, as many as there are, up to the line feed at `filled`.
   *
   * @returns where the first line begins that wasn't taken
   */
  take(start: number, filled: number): number {
    return this.#exports.take(start, filled);
  }

  /** Lines that the last call took. */
  get lines(): number {
    return this.#results[0] ?? 0;
  }

  /** Rows that the last call made. */
  get rows(): number {
    return this.#results[1] ?? 0;
  }

  /** Whether the last call stopped because there was no room for more rows. */
  get isFull(): boolean {
    return this.rows === MAX_ROWS;
  }

  /** Records outside the window that the last call passed over. */
  get outsideWindow(): number {
    return this.#results[2] ?? 0;
  }

  /** Records of the window that aren't selected. */
  get notSelected(): number {
    return this.#results[3] ?? 0;
  }

  /** The least start of the rows, as it is written. */
  takeLeastStart(): number {
    return this.#exports.takeLeastStart();
  }
}
