import type { DecodedArray } from "hyparquet";
import { writeDecimal } from "../../flow-log/decimal.js";

/** What most rows take, so that the block seldom has to grow. */
const ROW_BYTES = 160;
const LINE_FEED = 0x0a;
const SPACE = 0x20;
const DASH = 0x2d;
const QUESTION_MARK = 0x3f;

/** Rows as lines of text. Byte by byte, which is several times as fast as joining strings. */
export function linesOf(data: readonly DecodedArray[], from: number, to: number): Buffer {
  let block = Buffer.allocUnsafe((to - from) * ROW_BYTES);
  let at = 0;
  for (let row = from; row < to; row++) {
    for (const column of data) {
      const value: unknown = column[row];
      const needed = at + maxBytes(value);
      if (needed > block.length) block = Buffer.concat([block], 2 * needed);
      at = write(block, at, value);
      block[at++] = SPACE;
    }
    block[at - 1] = LINE_FEED;
  }
  return block.subarray(0, at);
}

/** Of a value and what separates it from the next. */
function maxBytes(value: unknown): number {
  return typeof value === "string" ? 3 * value.length + 2 : 32;
}

function write(block: Buffer, at: number, value: unknown): number {
  if (typeof value === "string" && value !== "") return writeText(block, at, value);
  if (typeof value === "number" || typeof value === "bigint") {
    const number = Number(value);
    if (number >= 0 && Number.isSafeInteger(number)) return writeDecimal(block, at, number);
    return writeText(block, at, String(value));
  }
  block[at] = value === null || value === "" ? DASH : QUESTION_MARK;
  return at + 1;
}

function writeText(block: Buffer, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return at + block.write(text, at);
    block[at + i] = code;
  }
  return at + text.length;
}
