import { FURTHER_FIELDS } from "./further-fields.js";
import type { LineLayout } from "./line-layout.js";
import { ACTIVE_PARTS } from "./sum-row.js";

const FIELDS = FURTHER_FIELDS.length;
const LAYOUT_WORDS = 64;

/** See `assembly/lines.ts`. */
export interface LineExports {
  readonly memory: { readonly buffer: SharedArrayBuffer };
  readonly layout: Place;
  readonly values: Place;
  readonly results: Place;
  readonly further: Place;
  readonly spans: Place;
  readonly input: Place;
  begin(
    start: number,
    stop: number,
    partsPerSecond: number,
    accounts: boolean,
    vpcs: boolean,
    interfaces: boolean,
  ): void;
  forget(): void;
  remember(table: number, from: number, to: number, number: number): void;
  find(table: number, count: number, shift: number): void;
  take(start: number, filled: number): number;
}
/** Where something is in memory. */
export interface Place {
  readonly value: number;
}

/** A window, in seconds since 1970, and whether accounts or VPCs are selected. */
interface Wanted {
  readonly start: number;
  readonly stop: number;
  readonly accounts: unknown;
  readonly vpcs: unknown;
  readonly aggregation: { readonly interfaces: { readonly noted: Set<number> | undefined } };
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

/**
 * What reads usual lines, in the kernel of a job's sums. It has what texts are numbered, as far as it was told. Of the readers of
 * a job, one at a time is in the middle of a file.
 */
export class LineKernel {
  /** Where lines are, and the absent values before them. */
  readonly input: Buffer;
  /** Where the values of a line begin in the input. */
  readonly values: Int32Array;
  /** Where texts begin that are to be found, and behind that where they end. */
  readonly spans: Int32Array;
  /** For each further field the number of the last record's value + 1, 0 where it has none. */
  readonly further: Int32Array;
  /** Gathers the numbers of the interfaces that records have, where somebody wants to know. */
  noted: Set<number> | undefined;
  /** Bit n is set when lines have the further field n. */
  furtherFields = 0;
  readonly #exports: LineExports;
  #used: LineLayout | undefined;
  readonly #layout: Int32Array;
  /** Lines, records, those that aren't added, by the reason, and what traits records have, OR-ed. */
  readonly #results: Int32Array;
  /** The least start and the greatest end of records. */
  readonly #times: Float64Array;

  constructor(exports: LineExports) {
    const { buffer } = exports.memory;
    this.#exports = exports;
    this.input = Buffer.from(buffer, exports.input.value, INPUT_BYTES);
    this.values = new Int32Array(buffer, exports.values.value, MAX_VALUES);
    this.spans = new Int32Array(buffer, exports.spans.value, 2 * MAX_SPANS);
    this.further = new Int32Array(buffer, exports.further.value, FIELDS);
    this.#layout = new Int32Array(buffer, exports.layout.value, LAYOUT_WORDS);
    this.#results = new Int32Array(buffer, exports.results.value, 7);
    this.#times = new Float64Array(buffer, exports.results.value + 32, 2);
  }

  /** Forgets what texts are numbered. */
  forget(): void {
    this.#exports.forget();
    this.noted = undefined;
  }

  /** What lines are read for, until this is called again. */
  begin({ start, stop, accounts, vpcs, aggregation }: Wanted): void {
    this.noted = aggregation.interfaces.noted;
    this.#exports.begin(
      start,
      stop,
      ACTIVE_PARTS / (stop - start),
      accounts !== undefined,
      vpcs !== undefined,
      this.noted !== undefined,
    );
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
   * Takes usual lines from `start` on, as many as there are, up to the line feed at `filled`, and adds their records.
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

  /** Records that the last call added. */
  get records(): number {
    return this.#results[1] ?? 0;
  }

  /** Records outside the window that the last call passed over. */
  get outsideWindow(): number {
    return this.#results[2] ?? 0;
  }

  /** Records of the window that aren't selected. */
  get notSelected(): number {
    return this.#results[3] ?? 0;
  }

  /** Records of the window that say that there was no traffic. */
  get nodata(): number {
    return this.#results[5] ?? 0;
  }

  /** Records of the window that say that some were lost. */
  get skipdata(): number {
    return this.#results[6] ?? 0;
  }

  /** What traits the records have that the last call added, OR-ed. */
  get traits(): number {
    return this.#results[4] ?? 0;
  }

  /** Their least start, as it is written. */
  get start(): number {
    return this.#times[0] ?? 0;
  }

  /** Their greatest end. */
  get end(): number {
    return this.#times[1] ?? 0;
  }
}
