// Edges and nodes as lines of DOT, and these as DEFLATE (RFC 1951), in one pass.
//
// DEFLATE is made of literals and of matches: "the next so many bytes are those of so far before". Whoever looks for matches
// spends most of the time looking. Here nothing is looked for. A line is written from parts, so it is known where each part
// was lately: at the same place in the line before, or in the last one of the same interface, account or ports. These are
// guesses. Each is compared with the text, and a match goes as far as the bytes are the same: a wrong guess makes the output
// longer, never wrong. Two things are known, and not compared: the text before a number is that of the line before, and a value
// in the label is the one among the attributes. And all of it follows from the text alone, so that the same rows give the same
// bytes, however they are cut.

import { align, beginOutput, literals, output, outputTaken, pack, put, repeat } from "./deflate";
import { beginLines, isRejected, readLine, readOddLine } from "./digest";
import { compressEdge, TEXT_MATCH } from "./edge-matches";
import { writeEdge, writeLine } from "./edge-text";
import { nextLine } from "./line";
import { ADDRESSES, ADDRESS_BYTES, ADDRESS_LENGTHS, LAST_NODE, TEXT_FULL } from "./memory";
import { CLOSE, INDENT, LINE_END, NODE_LABEL, OPEN } from "./pieces";
import { forgetRecent } from "./recent";
import {
  begin as beginText,
  copy,
  end,
  endAt,
  forget,
  positionsAreUsedUp,
  setTail,
  shift,
  tail,
  tailBefore,
  textTaken,
  writePiece,
} from "./text";

export {
  ADDRESSES,
  ADDRESS_LENGTHS,
  BYTES,
  DESTINATION_PORT,
  DIGIT_CODES,
  DISTANCE_CODES,
  END,
  INPUT,
  KEPT_NAMES,
  LENGTH_CODES,
  LITERAL_CODES,
  NAMES,
  ODD_LINE,
  OUTPUT,
  OUTPUT_FULL,
  PACKETS,
  PIECES,
  PIECE_BYTES,
  PROTOCOL,
  REJECTED,
  ROWS,
  SOURCE_PORT,
  START,
  TEXT,
  TEXT_FULL,
} from "./memory";
export { align, forgetRecent, outputTaken, put, textTaken };

export function reset(): void {
  beginText();
  beginOutput();
}

/** Where the text ends. What wasn't taken begins at `TEXT`. */
export function textEnd(): u32 {
  return end + shift;
}

export function outputEnd(): u32 {
  return output;
}

/** The first line. It is compressed with the next one. */
export function open(): void {
  endAt(writePiece(end + shift, OPEN));
}

function hasRoom(): bool {
  return end + shift < TEXT_FULL;
}

/** Edges of the columns, from row to row, as long as there is room for their text. Returns the row after the last one. */
export function edges(from: u32, to: u32): u32 {
  let row = from;
  for (; row < to && hasRoom(); row++) {
    begin();
    writeEdge(row);
    finish();
  }
  return row;
}

/** Of the last call of `lines`. */
export let lineCount: u32 = 0;
export let rejectedCount: u32 = 0;

/**
 * Edges of usual lines of a digest, from place to place, as long as there is room for their text. Returns where the first line
 * begins that wasn't taken.
 */
export function lines(from: u32, to: u32): u32 {
  lineCount = rejectedCount = 0;
  beginLines(from);
  let line = from;
  while (line < to && hasRoom()) {
    const next = readLine(line);
    if (next === 0) break;
    begin();
    writeLine(isRejected);
    finish();
    lineCount++;
    rejectedCount += <u32>isRejected;
    line = next;
  }
  return line;
}

/** The edge of an odd line, of which the text is from `ODD_LINE` to `end`. There is room for its text. */
export function oddLine(end: u32, rejected: bool): void {
  readOddLine(end, rejected);
  begin();
  writeLine(rejected);
  finish();
}

function begin(): void {
  if (positionsAreUsedUp()) forget();
  nextLine();
}

function finish(): void {
  compressEdge();
  pack();
}

/** Nodes, whose addresses are in the columns. There is room for the text of as many as these have. */
export function nodes(count: u32): void {
  for (let row: u32 = 0; row < count; row++) {
    if (positionsAreUsedUp()) forget();
    writeNode(ADDRESSES + row * ADDRESS_BYTES, load<u8>(ADDRESS_LENGTHS + row));
    pack();
  }
}

function writeNode(from: u32, length: u32): void {
  const address = writePiece(end + shift, INDENT);
  const label = writePiece(copy(address, from, length), NODE_LABEL);
  endAt(writePiece(copy(label, from, length), LINE_END));

  const labelEnd = label + length - shift;
  let at = repeat(tail, labelEnd, tailBefore, TEXT_MATCH);
  const addressEnd = address + length - shift;
  if (at < addressEnd) at = literals(at, addressEnd);
  const labelBegin = label - shift;
  if (at < labelBegin) at = repeat(at, labelEnd, load<u32>(LAST_NODE) + (at - addressEnd), TEXT_MATCH);
  if (at < labelBegin) at = literals(at, labelBegin);
  if (at < labelEnd) at = repeat(at, labelEnd, address - shift + (at - labelBegin), TEXT_MATCH);
  if (at < labelEnd) at = literals(at, labelEnd);
  store<u32>(LAST_NODE, addressEnd);
  setTail(labelEnd, tail);
}

/** The last line, after which there is but the end of the block. */
export function close(): void {
  endAt(writePiece(end + shift, CLOSE));
  const at = repeat(tail, end, tailBefore, TEXT_MATCH);
  literals(at, end);
  setTail(end, 0);
  pack();
}
