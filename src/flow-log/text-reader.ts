import { CorruptInputError } from "../errors.js";
import { ACCEPTED, REJECTED, UNDECIDED } from "./aggregation.js";
import { ABSENT_VALUES, type Columns, FIRST_VALUE, missingFields, recordOf } from "./columns.js";
import { NO_VALUES } from "./combinations.js";
import { readDecimal } from "./decimal.js";
import { excerpt } from "./excerpt.js";
import { fieldName, isHeader } from "./fields.js";
import { FURTHER_FIELDS } from "./further-fields.js";
import {
  ACCOUNTS,
  ADDRESSES,
  FURTHER_TEXTS,
  INTERFACES,
  LEFT_OUT,
  type LineKernel,
  SELECTED_ACCOUNTS,
  VPCS,
} from "./line-kernel.js";
import { formatsOf, frontsOf, LineLayout, type TextFormat } from "./line-layout.js";
import { isOrdered, isTime, RecordError, type RecordIntake } from "./record.js";
import { remedy } from "./remedy.js";
import { viewOf } from "./data-view.js";

/** The longest line, in bytes. */
const MAX_LINE = 64 * 1024;
/** Bytes taken in at a time: both together are less than the kernel's input. */
const BLOCK = 64 * 1024;
/** A format with more fields than AWS will ever have goes the obvious path. */
const USUAL_FIELDS = 1000;
const ABSENT_TEXT = `${ABSENT_VALUES.join(" ")} `;
/** The first of a line's bytes in the buffer. Eight more than none, so that the absent values lie before it. */
const FRONT = 8;

const FORMAT_ADVICE = "Without a header, FLOW_LOG_FORMAT tells the fields and their order";
const BYTE_ORDER_MARK = "\uFEFF";
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const DASH = 0x2d;
const UPPER_T = 0x54;
// The usual words, as the four bytes at a place read as a little-endian integer.
const OK_SPACE = word("\0\0OK");
const ACCE = word("ACCE");
const EPT = word("CEPT");
const REJE = word("REJE");
const ECT = word("JECT");

function word(text: string): number {
  return Buffer.from(text, "latin1").readInt32LE();
}

/**
 * Reads a flow log as text, in pieces of any size. Each line goes the fast path, which knows the usual record and
 * nothing else; what it doesn't take goes the obvious one, which knows headers, timestamps and errors as well.
 */
export class TextReader {
  #name: string;
  readonly #unit: "line" | "message";
  readonly #intake: RecordIntake;
  readonly #format: TextFormat;
  /** That of the last record. */
  #layout: LineLayout;
  readonly #layouts: LineLayout[] = [];
  /** Whether a header tells the fields. */
  #headed = false;
  /** The layouts of records read before any header: what a header must agree with. */
  readonly #assumed = new Set<LineLayout>();
  #recordsBefore: number;
  #line = 0;

  readonly #kernel: LineKernel;
  /** The absent values, then what is left of the last piece, then the next. */
  readonly #buffer: Buffer;
  readonly #view: DataView;
  #filled = FRONT;
  /** Where the values of a line begin; each ends one byte before the next begins. What is written beyond its end is lost. */
  readonly #values: Int32Array;
  /** Of one record. */
  readonly #further = new Int32Array(FURTHER_FIELDS.length);

  /**
   * @param name of the file, for messages
   * @param unit what a line is called there
   */
  constructor(name: string, intake: RecordIntake, format: TextFormat, unit: "line" | "message" = "line") {
    this.#name = name;
    this.#unit = unit;
    this.#intake = intake;
    this.#format = format;
    this.#layout = this.#layoutWith(format.fields, 0);
    this.#recordsBefore = intake.counts.records;
    this.#kernel = intake.lines;
    this.#buffer = this.#kernel.input;
    this.#view = viewOf(this.#buffer);
    this.#values = this.#kernel.values;
    this.#buffer.write(ABSENT_TEXT, "latin1");
    let at = 0;
    for (const [index, value] of ABSENT_VALUES.entries()) {
      this.#values[index] = at;
      at += value.length + 1;
    }
    this.#values[ABSENT_VALUES.length] = at;
  }

  /** Goes on with another file, as a new reader would: one that is made for each small file costs more than reading it. */
  begin(name: string): void {
    this.#name = name;
    this.#layout = this.#layoutWith(this.#format.fields, 0);
    this.#headed = false;
    this.#assumed.clear();
    this.#recordsBefore = this.#intake.counts.records;
    this.#line = 0;
    this.#filled = FRONT;
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
    this.#kernel.begin(this.#intake);
    let start = FRONT;
    for (;;) {
      if (this.#layout.columns.width <= USUAL_FIELDS) start = this.#takeMany(start, filled);
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
      const usual = width === this.#layout.columns.width && width <= USUAL_FIELDS && this.#takeUsual();
      if (!usual) this.#takeAny(start, end);
      start = at;
    }
    buffer.copyWithin(FRONT, start, filled);
    this.#filled = FRONT + filled - start;
  }

  /** The fastest path. Returns where the first line begins that isn't usual, or of which a text has not been met. */
  #takeMany(start: number, filled: number): number {
    this.#kernel.use(this.#layout);
    const at = this.#kernel.take(start, filled);
    this.#line += this.#kernel.lines;
    this.#intake.noteLines();
    return at;
  }

  /** The fast path: true when it took the record whose values have been found. */
  #takeUsual(): boolean {
    const { aggregation, counts, start: windowStart, stop: windowStop } = this.#intake;
    const buffer = this.#buffer;
    const view = this.#view;
    const values = this.#values;
    const { columns, front } = this.#layout;

    const first = values[FIRST_VALUE] ?? 0;
    const timestamped = buffer[first + 10] === UPPER_T && buffer[first + 4] === DASH;
    if (timestamped !== front > 0) return false;

    const version = decimalAt(buffer, values, columns.version);
    const end = decimalAt(buffer, values, columns.end);
    if (version < 0 || version > 999 || !isTime(end)) return false;
    if (end < windowStart || end >= windowStop) {
      counts.records++;
      counts.outsideWindow++;
      return true;
    }
    if (this.#intake.accounts !== undefined && !this.#isSelected()) {
      this.#remember(SELECTED_ACCOUNTS, columns.account, LEFT_OUT);
      this.#intake.leaveOut();
      return true;
    }

    const statusStart = values[columns.status] ?? 0;
    const statusEnd = (values[columns.status + 1] ?? 0) - 1;
    if (statusEnd - statusStart !== 2 || (view.getInt32(statusEnd - 4, true) & 0xffff0000) !== OK_SPACE)
      return false;

    if (this.#intake.vpcs !== undefined) {
      const vpcStart = values[columns.vpc] ?? 0;
      // Of what has none, the obvious path decides.
      if (buffer[vpcStart] === DASH) return false;
      const vpcEnd = (values[columns.vpc + 1] ?? 0) - 1;
      const vpc = aggregation.combinations.values.intern(view, vpcStart, vpcEnd);
      if (vpc < 0) return false;
      const taken = this.#intake.vpcs.has(vpc);
      this.#remember(VPCS, columns.vpc, taken ? vpc : LEFT_OUT);
      if (!taken) {
        this.#intake.leaveOut();
        return true;
      }
    }

    const actionStart = values[columns.action] ?? 0;
    const actionLength = (values[columns.action + 1] ?? 0) - 1 - actionStart;
    let action: number;
    if (actionLength === 6) {
      const front = view.getInt32(actionStart, true);
      const back = view.getInt32(actionStart + 2, true);
      if (front === ACCE && back === EPT) action = ACCEPTED;
      else if (front === REJE && back === ECT) action = REJECTED;
      else return false;
    } else if (actionLength === 1 && buffer[actionStart] === DASH) {
      action = UNDECIDED;
    } else {
      return false;
    }

    const sourcePort = decimalAt(buffer, values, columns.sourcePort);
    const destinationPort = decimalAt(buffer, values, columns.destinationPort);
    const protocol = decimalAt(buffer, values, columns.protocol);
    const packets = decimalAt(buffer, values, columns.packets);
    const bytes = decimalAt(buffer, values, columns.bytes);
    const flags = decimalAt(buffer, values, columns.tcpFlags);
    const start = decimalAt(buffer, values, columns.start);
    if (
      sourcePort < 0 ||
      destinationPort < 0 ||
      protocol < 0 ||
      packets < 0 ||
      bytes < packets ||
      !isTime(start)
    )
      return false;
    if (!isOrdered(start, end)) return false;
    if (sourcePort > 65_535 || destinationPort > 65_535 || protocol > 255 || flags > 255) return false;
    if (flags < 0 && !this.#isAbsent(columns.tcpFlags)) return false;

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

    const combination = columns.further === undefined ? NO_VALUES : this.#combination(columns.further);
    if (combination < 0) return false;

    this.#remember(this.#intake.accounts === undefined ? ACCOUNTS : SELECTED_ACCOUNTS, owner, account);
    this.#remember(INTERFACES, port, networkInterface);
    this.#remember(ADDRESSES, from, source);
    this.#remember(ADDRESSES, to, destination);

    counts.records++;
    aggregation.add(
      account,
      networkInterface,
      source,
      destination,
      sourcePort,
      destinationPort,
      protocol,
      action,
      flags,
      packets,
      bytes,
      0,
      0,
      start,
      end,
      combination,
    );
    return true;
  }

  /** So that the kernel knows the text of a value when it meets it again. */
  #remember(table: number, value: number, number: number): void {
    this.#kernel.remember(table, this.#values[value] ?? 0, (this.#values[value + 1] ?? 0) - 1, number);
  }

  #isAbsent(value: number): boolean {
    const from = this.#values[value] ?? 0;
    return this.#buffer[from] === DASH && this.#values[value + 1] === from + 2;
  }

  /** The number of the combination that the values found are; the obvious path decides on odd ones, for which it is -1. */
  #combination(further: NonNullable<Columns["further"]>): number {
    const { combinations } = this.#intake.aggregation;
    // Another layout has other fields.
    this.#further.fill(0);
    for (const { field, value } of further) {
      const from = this.#values[value] ?? 0;
      const to = (this.#values[value + 1] ?? 0) - 1;
      let number = -1;
      if (to - from !== 1 || this.#buffer[from] !== DASH) {
        number = combinations.values.intern(this.#view, from, to);
        if (number < 0) return -1;
        this.#remember(FURTHER_TEXTS, value, number);
      }
      this.#further[field] = number + 1;
      combinations.fields |= 1 << field;
    }
    return combinations.intern(this.#further);
  }

  /** Whether the account of the record whose values have been found is taken; the obvious path decides on odd ones. */
  #isSelected(): boolean {
    const { aggregation } = this.#intake;
    const { account } = this.#layout.columns;
    const from = this.#values[account] ?? 0;
    const number = aggregation.accounts.intern(this.#view, from, (this.#values[account + 1] ?? 0) - 1);
    return number < 0 || this.#intake.selects(number);
  }

  /** The obvious path. */
  #takeAny(start: number, lineEnd: number): void {
    let end = lineEnd;
    while (end > start && this.#buffer[end - 1] === SPACE) end--;
    // Nothing is made of what is blank: there may be millions of such lines.
    if (end === start) return;
    const text = this.#buffer.toString("utf8", start, end);
    const words = (text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text).split(" ");
    if (isHeader(words)) {
      this.#takeHeader(words, start, end);
      return;
    }
    if (!this.#layout.fits(words) || !frontsOf(words).includes(this.#layout.front)) {
      const layout = this.#layoutOf(words);
      if (layout === undefined) this.#fail(this.#line, this.#expected(words, text), start, end);
      if (!this.#headed && this.#records > 0) this.#assumed.add(this.#layout);
      this.#layout = layout;
    }
    try {
      this.#intake.add(recordOf(words, this.#layout.columns));
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      const advice = remedy(text);
      const told = advice !== "" || this.#headed ? advice : `. ${FORMAT_ADVICE}`;
      this.#fail(this.#line, `${error.message}${told}`, start, end);
    }
  }

  get #records(): number {
    return this.#intake.counts.records - this.#recordsBefore;
  }

  #takeHeader(words: readonly string[], start: number, end: number): void {
    const fields = words.map(fieldName);
    const missing = missingFields(fields);
    if (missing.length > 0) {
      const more = `expected a header with ${missing.join(", ")} as well: without them there is no graph`;
      this.#fail(this.#line, more, start, end);
    }
    if (!this.#headed && this.#records > 0) {
      this.#assumed.add(this.#layout);
      for (const { fields: assumed } of this.#assumed) {
        if (assumed.join(" ") === fields.join(" ")) continue;
        const other = `expected this header before the records that it is for, or FLOW_LOG_FORMAT to agree with it: those before it were read as ${assumed.join(" ")}`;
        this.#fail(this.#line, other, start, end);
      }
    }
    this.#headed = true;
    this.#layouts.length = 0;
    this.#layout = this.#layoutWith(fields, 0);
  }

  #layoutOf(words: readonly string[]): LineLayout | undefined {
    const formats = this.#headed ? [this.#layout.fields] : formatsOf(this.#format);
    const fronts = frontsOf(words);
    const layouts = fronts.flatMap((front) => formats.map((fields) => this.#layoutWith(fields, front)));
    return (
      layouts.find((layout) => layout.fits(words)) ??
      // Whatever stands there instead of a version is what is wrong with it.
      layouts.find((layout) => layout.front === fronts[0] && layout.hasWidthOf(words))
    );
  }

  /** Made once: lines of several layouts may take turns. */
  #layoutWith(fields: readonly string[], front: number): LineLayout {
    const known = this.#layouts.find((layout) => layout.fields === fields && layout.front === front);
    if (known !== undefined) return known;
    const layout = new LineLayout(fields, front, this.#format.addresses);
    this.#layouts.push(layout);
    return layout;
  }

  /** What a line should be whose words fit no layout. */
  #expected(words: readonly string[], text: string): string {
    const [front = 0] = frontsOf(words);
    const after = front > 0 ? " after the time" : "";
    const got = `got ${words.length - front}${after}`;
    const told = remedy(text);
    if (this.#headed) {
      return `expected ${this.#layout.fields.length} fields and single spaces, ${got}${told}`;
    }
    const widths = formatsOf(this.#format)
      .map(({ length }) => length)
      .join(" or ");
    const set = told === "" ? `. ${FORMAT_ADVICE}` : told;
    return `expected ${widths} fields and single spaces, ${got}${set}`;
  }

  #fail(line: number, reason: string, start: number, end: number): never {
    const text = this.#buffer.toString("utf8", start, Math.min(end, start + 1024));
    throw new CorruptInputError(`${this.#name}, ${this.#unit} ${line}: ${reason}, in ${excerpt(text)}`);
  }
}

function decimalAt(buffer: Uint8Array, values: Int32Array, value: number): number {
  return readDecimal(buffer, values[value] ?? 0, (values[value + 1] ?? 0) - 1);
}
