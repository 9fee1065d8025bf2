import { CorruptInputError } from "../errors.js";
import { ACCEPTED, REJECTED, UNDECIDED } from "./aggregation.js";
import { ABSENT_VALUES, columnsOf, FIRST_VALUE, missingFields, recordOf } from "./columns.js";
import type { AddressChoice, Columns } from "./columns.js";
import { readDecimal } from "./decimal.js";
import { excerpt } from "./excerpt.js";
import { isHeader } from "./fields.js";
import { RecordError, type RecordIntake } from "./record.js";
import { viewOf } from "./view.js";

/** The longest line, in bytes. */
const MAX_LINE = 64 * 1024;
/** Bytes taken in at a time. */
const BLOCK = 64 * 1024;
/** A format with more fields than AWS will ever have goes the obvious path. */
const USUAL_FIELDS = 1000;
const ABSENT_TEXT = `${ABSENT_VALUES.join(" ")} `;
/** The first of a line's bytes in the buffer. Eight more than none, so that the absent values lie before it. */
const FRONT = 8;

/** Stands before each line in exports from CloudWatch. No field of AWS has this name. */
const TIMESTAMP = "timestamp";

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const DASH = 0x2d;
// The usual words, as the four bytes at a place read as a little-endian integer.
const OK_SPACE = word("\0\0OK");
const ACCE = word("ACCE");
const EPT = word("CEPT");
const REJE = word("REJE");
const ECT = word("JECT");

function word(text: string): number {
  return Buffer.from(text, "latin1").readInt32LE();
}

/** How the lines of a file without a header are to be read. */
export interface TextFormat {
  readonly fields: readonly string[];
  readonly addresses: AddressChoice;
}

/**
 * Reads a flow log as text, in pieces of any size. Each line goes the fast path, which knows the usual record and
 * nothing else; what it doesn't take goes the obvious one, which knows headers, timestamps and errors as well.
 */
export class TextReader {
  readonly #name: string;
  readonly #unit: "line" | "row";
  readonly #intake: RecordIntake;
  readonly #addresses: AddressChoice;
  #fields: readonly string[];
  #columns: Columns;
  #line = 0;

  /** The absent values, then what is left of the last piece, then the next. */
  readonly #buffer = Buffer.alloc(FRONT + MAX_LINE + BLOCK + 1);
  readonly #view = viewOf(this.#buffer);
  #filled = FRONT;
  /** Where the values of a line begin; each ends one byte before the next begins. What is written beyond its end is lost. */
  readonly #values = new Int32Array(FIRST_VALUE + USUAL_FIELDS + 1);

  /**
   * @param name of the file, for messages
   * @param unit what a line is called there
   */
  constructor(name: string, intake: RecordIntake, format: TextFormat, unit: "line" | "row" = "line") {
    this.#name = name;
    this.#unit = unit;
    this.#intake = intake;
    this.#addresses = format.addresses;
    this.#fields = format.fields;
    this.#columns = columnsOf(format.fields, format.addresses);
    this.#buffer.write(ABSENT_TEXT, "latin1");
    let at = 0;
    for (const [index, value] of ABSENT_VALUES.entries()) {
      this.#values[index] = at;
      at += value.length + 1;
    }
    this.#values[ABSENT_VALUES.length] = at;
  }

  /** Lines read so far, blank ones and headers included. */
  get lines(): number {
    return this.#line;
  }

  /** @throws CorruptInputError naming file and line */
  push(piece: Uint8Array): void {
    for (let from = 0; from < piece.length; from += BLOCK) {
      const block = piece.subarray(from, from + BLOCK);
      this.#buffer.set(block, this.#filled);
      this.#filled += block.length;
      this.#readLines();
    }
  }

  /** Reads a last line that has no newline. */
  end(): void {
    if (this.#filled > FRONT) this.push(Buffer.of(LINE_FEED));
  }

  #readLines(): void {
    const buffer = this.#buffer;
    const values = this.#values;
    const filled = this.#filled;
    // A newline behind the last byte ends every scan; the line that it ends is not whole.
    buffer[filled] = LINE_FEED;
    let start = FRONT;
    for (;;) {
      let value = FIRST_VALUE;
      let at = start;
      values[value] = at;
      for (;;) {
        const byte = buffer[at++] ?? LINE_FEED;
        // One comparison for most bytes.
        if (byte > SPACE) continue;
        if (byte === SPACE) values[++value] = at;
        else if (byte === LINE_FEED) break;
      }
      if (at - start > MAX_LINE)
        this.#fail(this.#line + 1, `expected a line of at most ${MAX_LINE} bytes`, start, at);
      if (at > filled) break;
      this.#line++;
      const end = buffer[at - 2] === CARRIAGE_RETURN ? at - 2 : at - 1;
      values[value + 1] = end + 1;
      const width = value - FIRST_VALUE + 1;
      const usual = width === this.#columns.width && width <= USUAL_FIELDS && this.#takeUsual();
      if (!usual) this.#takeAny(start, end);
      start = at;
    }
    buffer.copyWithin(FRONT, start, filled);
    this.#filled = FRONT + filled - start;
  }

  /** The fast path: true when it took the record whose values have been found. */
  #takeUsual(): boolean {
    const { aggregation, counts, start: windowStart, stop: windowStop } = this.#intake;
    const buffer = this.#buffer;
    const view = this.#view;
    const values = this.#values;
    const columns = this.#columns;

    const version = decimalAt(buffer, values, columns.version);
    const end = decimalAt(buffer, values, columns.end);
    if (version < 0 || version > 999 || end < 0) return false;
    if (end < windowStart || end >= windowStop) {
      counts.records++;
      counts.outsideWindow++;
      return true;
    }

    const statusStart = values[columns.status] ?? 0;
    const statusEnd = (values[columns.status + 1] ?? 0) - 1;
    if (statusEnd - statusStart !== 2 || (view.getInt32(statusEnd - 4, true) & 0xffff0000) !== OK_SPACE)
      return false;

    const actionStart = values[columns.action] ?? 0;
    const actionLength = (values[columns.action + 1] ?? 0) - 1 - actionStart;
    let verdict: number;
    if (actionLength === 6) {
      const front = view.getInt32(actionStart, true);
      const back = view.getInt32(actionStart + 2, true);
      if (front === ACCE && back === EPT) verdict = ACCEPTED;
      else if (front === REJE && back === ECT) verdict = REJECTED;
      else return false;
    } else if (actionLength === 1 && buffer[actionStart] === DASH) {
      verdict = UNDECIDED;
    } else {
      return false;
    }

    const sourcePort = decimalAt(buffer, values, columns.sourcePort);
    const destinationPort = decimalAt(buffer, values, columns.destinationPort);
    const protocol = decimalAt(buffer, values, columns.protocol);
    const packets = decimalAt(buffer, values, columns.packets);
    const bytes = decimalAt(buffer, values, columns.bytes);
    const start = decimalAt(buffer, values, columns.start);
    if (sourcePort < 0 || destinationPort < 0 || protocol < 0 || packets < 0 || bytes < 0 || start < 0)
      return false;
    if (sourcePort > 65_535 || destinationPort > 65_535 || protocol > 255) return false;

    const from = buffer[values[columns.source] ?? 0] === DASH ? columns.sourceFallback : columns.source;
    const to =
      buffer[values[columns.destination] ?? 0] === DASH ? columns.destinationFallback : columns.destination;
    const source = aggregation.addresses.intern(view, values[from] ?? 0, (values[from + 1] ?? 0) - 1);
    const destination = aggregation.addresses.intern(view, values[to] ?? 0, (values[to + 1] ?? 0) - 1);
    if (source < 0 || destination < 0) return false;

    const owner = columns.account;
    const account = aggregation.accounts.intern(view, values[owner] ?? 0, (values[owner + 1] ?? 0) - 1);
    const port = columns.interface;
    const networkInterface = aggregation.interfaces.intern(
      view,
      values[port] ?? 0,
      (values[port + 1] ?? 0) - 1,
    );
    if (account < 0 || networkInterface < 0) return false;

    counts.records++;
    aggregation.add(
      account,
      networkInterface,
      source,
      destination,
      sourcePort,
      destinationPort,
      protocol,
      verdict,
      packets,
      bytes,
      0,
      0,
      start,
      end,
    );
    return true;
  }

  /** The obvious path. */
  #takeAny(start: number, end: number): void {
    const text = withoutTrailingSpaces(this.#buffer.toString("utf8", start, end));
    if (text === "") return;
    const words = text.split(" ");
    if (isHeader(words)) {
      const missing = missingFields(words);
      if (missing.length > 0) {
        this.#fail(this.#line, `expected a header with ${missing.join(", ")} as well`, start, end);
      }
      this.#setFields(words);
      return;
    }
    const timestamped = this.#fields[0] === TIMESTAMP;
    if (!timestamped && words.length === this.#fields.length + 1 && isTimestamp(words[0])) {
      this.#setFields([TIMESTAMP, ...this.#fields]);
    }
    const expected = this.#fields.length;
    if (words.length !== expected) {
      this.#fail(
        this.#line,
        `expected ${expected} fields and single spaces, got ${words.length}`,
        start,
        end,
      );
    }
    try {
      this.#intake.add(recordOf(words, this.#columns));
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      this.#fail(this.#line, error.message, start, end);
    }
  }

  #setFields(fields: readonly string[]): void {
    this.#fields = fields;
    this.#columns = columnsOf(fields, this.#addresses);
  }

  #fail(line: number, reason: string, start: number, end: number): never {
    const text = this.#buffer.toString("utf8", start, Math.min(end, start + 1024));
    throw new CorruptInputError(`${this.#name}, ${this.#unit} ${line}: ${reason}, in ${excerpt(text)}`);
  }
}

function decimalAt(buffer: Uint8Array, values: Int32Array, value: number): number {
  return readDecimal(buffer, values[value] ?? 0, (values[value + 1] ?? 0) - 1);
}

function isTimestamp(word: string | undefined): boolean {
  return word !== undefined && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(word);
}

/** A loop, because a regular expression takes quadratic time on many spaces that aren't at the end. */
function withoutTrailingSpaces(text: string): string {
  let end = text.length;
  while (text[end - 1] === " ") end--;
  return text.slice(0, end);
}
