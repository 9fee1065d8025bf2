import { readInt64, type Int64s } from "../edges/int64.js";
import { CorruptInputError } from "../errors.js";
import { excerpt } from "../flow-log/excerpt.js";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Of a line, more than an excerpt shows. */
const START_BYTES = 512;

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
  skip(text: Buffer): boolean {
    const { bytes, at } = this;
    for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
    this.at = at + text.length;
    return true;
  }

  expect(text: Buffer): void {
    if (!this.skip(text)) throw this.error(JSON.stringify(text.toString("latin1")));
  }

  expectEnd(): void {
    if (this.at !== this.#end - 1) throw this.error("the end of the line");
  }

  /** Steps to the end, where this text is. */
  expectEnding(text: Buffer): void {
    this.at = Math.max(this.at, this.#end - 1 - text.length);
    if (this.skip(text) && this.at === this.#end - 1) return;
    throw this.error(`${JSON.stringify(text.toString("latin1"))} at the end of the line`);
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
    const from = this.until(QUOTE, "a number");
    if (!readInt64(column, row, this.view, from, this.at)) {
      throw this.error("a whole number from 0 to 2^63-1, without leading zeros", from);
    }
  }

  /** @param from where what isn't as expected begins */
  error(expected: string, from = this.at): CorruptInputError {
    const to = Math.min(Math.max(from, this.#end - 1), from + START_BYTES);
    const got = excerpt(this.bytes.toString("latin1", from, to));
    return new CorruptInputError(`line ${this.number} of the DOT: expected ${expected}, got ${got}`);
  }
}
