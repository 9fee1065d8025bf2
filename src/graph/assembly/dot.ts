// Edges and nodes as lines of DOT, and these as DEFLATE (RFC 1951), in one pass.
//
// DEFLATE is made of literals and of matches: "the next so many bytes are those of so far before". Whoever looks for matches
// spends most of the time looking. Here nothing is looked for. A line is written from parts, so it is known where each part
// was lately: at the same place in the line before, or in the last one of the same interface, account or ports. These are
// guesses. Each is compared with the text, and a match goes as far as the bytes are the same: a wrong guess makes the output
// longer, never wrong. And guesses follow from the text alone, so that the same rows give the same bytes, however they are cut.

import { align, beginOutput, literals, output, pack, put, repeat, taken } from "./deflate";
import { compressEdge, TEXT_MATCH } from "./edge-matches";
import { writeEdge, writeFields } from "./edge-text";
import { nextLine } from "./line";
import { ADDRESSES, ADDRESS_BYTES, ADDRESS_LENGTHS, LAST_NODE, TEXT_FULL } from "./memory";
import { CLOSE, INDENT, LINE_END, NODE_LABEL, OPEN } from "./pieces";
import {
  begin,
  copy,
  end,
  endAt,
  forget,
  positionsAreUsedUp,
  setTail,
  shift,
  tail,
  tailBefore,
  turn,
  writePiece,
} from "./text";

export {
  ADDRESSES,
  ADDRESS_LENGTHS,
  BYTES,
  DESTINATION_PORT,
  DISTANCE_CODES,
  END,
  FIELDS,
  FIELDS_BYTES,
  KEPT_NAMES,
  LENGTH_CODES,
  LITERAL_CODES,
  NAMES,
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
} from "./memory";
export { align, put, taken };

export function reset(): void {
  begin();
  beginOutput();
}

/** Where the text of the last call ends, which begins at `TEXT`. */
export function textEnd(): u32 {
  return end + shift;
}

export function outputEnd(): u32 {
  return output;
}

/** The first line. It is compressed with the next one. */
export function open(): void {
  turn();
  endAt(writePiece(end + shift, OPEN));
}

/**
 * Edges of the columns, from row to row, as long as there is room for their text. Returns the row after the last one.
 *
 * @param areFields whether they are rows of text
 */
export function edges(from: u32, to: u32, areFields: bool): u32 {
  turn();
  let row = from;
  for (; row < to && end + shift < TEXT_FULL; row++) {
    if (positionsAreUsedUp()) forget();
    nextLine();
    if (areFields) writeFields(row);
    else writeEdge(row);
    compressEdge();
    pack();
  }
  return row;
}

/** Nodes, whose addresses are in the columns. */
export function nodes(count: u32): void {
  turn();
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
  turn();
  endAt(writePiece(end + shift, CLOSE));
  const at = repeat(tail, end, tailBefore, TEXT_MATCH);
  literals(at, end);
  setTail(end, 0);
  pack();
}
