import { readInt64, setInt64, type Int64s } from "../edges/int64.js";
import { CorruptInputError } from "../errors.js";
import { excerpt } from "../flow-log/excerpt.js";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
/** So many digits are below 2^53, whatever they are. */
const SAFE_DIGITS = 15;
const WORD_BYTES = 4;
/** Of a line, more than an excerpt shows. */
const START_BYTES = 512;

/** A text that lines have. */
export interface Piece {
  readonly bytes: Buffer;
  /** The bytes, four at a time. */
  readonly words: Int32Array;
}

export function piece(text: string): Piece {
  const bytes = Buffer.from(text, "latin1");
  const words = Array.from({ length: bytes.length >> 2 }, (_, index) => bytes.readInt32LE(4 * index));
  return { bytes, words: Int32Array.from(words) };
}

/** Reads a line of DOT from left to right. Each step throws CorruptInputError, saying what was expected there. */
export class DotLine {
  bytes: Buffer = Buffer.alloc(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Where the next step begins. */
  at = 0;
  /** Counted from 1. */
  number = 0;
  hasBackslash = false;
  #end = 0;

  setBytes(bytes: Buffer, view: DataView): void {
    this.bytes = bytes;
    this.view = view;
  }

  /** @param end after its line feed */
  setLine(from: number, end: number): void {
    this.at = from;
    this.#end = end;
    this.number++;
  }

  /** Steps over this text, if it comes next. */
  skip({ bytes, words }: Piece): boolean {
    const { view, at } = this;
    const end = at + bytes.length;
    if (end > view.byteLength) return false;
    let next = at;
    for (let i = 0; i < words.length; i++, next += WORD_BYTES) {
      if (view.getInt32(next, true) !== words[i]) return false;
    }
    for (; next < end; next++) if (view.getUint8(next) !== bytes[next - at]) return false;
    this.at = end;
    return true;
  }

  expect(text: Piece): void {
    if (!this.skip(text)) throw this.error(quoted(text));
  }

  expectEnd(): void {
    if (this.at !== this.#end - 1) throw this.error("the end of the line");
  }

  /** Steps to the end, where this text is. */
  expectEnding(text: Piece): void {
    this.at = Math.max(this.at, this.#end - 1 - text.bytes.length);
    if (this.skip(text) && this.at === this.#end - 1) return;
    throw this.error(`${quoted(text)} at the end of the line`);
  }

  /** Steps to the next such byte, and returns where the text before it begins. */
  until(stop: number, expected: string): number {
    const from = this.at;
    let at = from;
    while (at < this.#end && this.bytes[at] !== stop) at++;
    if (at === this.#end) throw this.error(expected);
    this.at = at;
    return from;
  }

  /** As `until` a quote, over what a backslash escapes; `hasBackslash` says whether there was one. */
  untilQuote(expected: string): number {
    const from = this.at;
    let at = from;
    this.hasBackslash = false;
    for (; at < this.#end && this.bytes[at] !== QUOTE; at++) {
      if (this.bytes[at] !== BACKSLASH) continue;
      this.hasBackslash = true;
      at++;
    }
    if (at >= this.#end) throw this.error(expected);
    this.at = at;
    return from;
  }

  /** Steps over a number, which a quote ends. */
  int64(column: Int64s, row: number): void {
    const value = this.#usual();
    if (value >= 0) {
      setInt64(column, row, value);
      return;
    }
    const from = this.until(QUOTE, "a number");
    if (!readInt64(column, row, this.view, from, this.at)) {
      throw this.error("a whole number from 0 to 2^63-1, without leading zeros", from);
    }
  }

  /** As `int64`, of a number up to a maximum below 10^15. */
  limited(expected: string, max: number): number {
    const from = this.at;
    const value = this.#usual();
    if (value >= 0 && value <= max) return value;
    this.at = from;
    this.int64(new Uint32Array(2), 0);
    throw this.error(`${expected} from 0 to ${max}`, from);
  }

  /** Steps over a number of a few digits; -1, and no step, for whatever else comes. */
  #usual(): number {
    const { bytes, at: from } = this;
    let at = from;
    let value = 0;
    for (; at < from + SAFE_DIGITS; at++) {
      const digit = (bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const hasLeadingZero = bytes[from] === ZERO && at > from + 1;
    if (at === from || bytes[at] !== QUOTE || hasLeadingZero) return -1;
    this.at = at;
    return value;
  }

  /** @param from where what isn't as expected begins */
  error(expected: string, from = this.at): CorruptInputError {
    const to = Math.min(Math.max(from, this.#end - 1), from + START_BYTES);
    const got = excerpt(this.bytes.toString("latin1", from, to));
    return new CorruptInputError(`line ${this.number} of the DOT: expected ${expected}, got ${got}`);
  }
}

function quoted({ bytes }: Piece): string {
  return JSON.stringify(bytes.toString("latin1"));
}
