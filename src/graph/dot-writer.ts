import { copyBytes as copy, viewOf } from "../flow-log/data-view.js";
import type { Row } from "./row.js";

/** DOT comes in blocks of exactly this size, the last one excepted. */
export const BLOCK_BYTES = 256 * 1024;
/** More than the longest edge: two tokens of 256 backslashes, each doubled, each written twice, take 2 KiB. */
const OVERFLOW_BYTES = 4 * 1024;

/** Renders DOT into blocks. Two rows that differ never look the same: what it writes can be read back. */
export class DotWriter {
  #block = newBlock();
  #view = viewOf(this.#block);
  #at = put(this.#view, 0, OPEN);
  #full: Buffer[] = [];

  edge(row: Row): void {
    const { view } = row;
    const block = this.#view;
    let at = put(block, this.#at, INDENT);
    at = copy(block, at, view, row.source, row.destination - 1);
    at = put(block, at, ARROW);
    at = copy(block, at, view, row.destination, row.sourcePort - 1);
    at = put(block, at, ACCOUNT_ATTRIBUTE);
    at = putValues(block, at, row, ATTRIBUTES);
    at = put(block, at, row.rejected ? RED_LABEL : GREEN_LABEL);
    at = putValues(block, at, row, LABEL_LINES);
    this.#at = put(block, at, END);
    this.#turnOver();
  }

  node(view: DataView, from: number, to: number): void {
    const block = this.#view;
    let at = put(block, this.#at, INDENT);
    at = copy(block, at, view, from, to);
    at = put(block, at, NODE_LABEL);
    at = copy(block, at, view, from, to);
    this.#at = put(block, at, END);
    this.#turnOver();
  }

  close(): void {
    this.#at = put(this.#view, this.#at, CLOSE);
    this.#full.push(this.#block.subarray(0, this.#at));
    this.#at = 0;
  }

  /** The blocks that are finished, each once. */
  take(): Buffer[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  #turnOver(): void {
    if (this.#at < BLOCK_BYTES) return;
    const full = this.#block;
    this.#block = newBlock();
    this.#view = viewOf(this.#block);
    full.copy(this.#block, 0, BLOCK_BYTES, this.#at);
    this.#at -= BLOCK_BYTES;
    this.#full.push(full.subarray(0, BLOCK_BYTES));
  }
}

function newBlock(): Buffer {
  return Buffer.allocUnsafeSlow(BLOCK_BYTES + OVERFLOW_BYTES);
}

/** The values of an edge, account first, each but that one after its name. Returns the position after them. */
function putValues(block: DataView, start: number, row: Row, names: Names): number {
  const { view } = row;
  let at = copy(block, start, view, row.account, row.interface - 1);
  at = put(block, at, names.interface);
  at = copy(block, at, view, row.interface, row.source - 1);
  at = put(block, at, names.sourcePort);
  at = copy(block, at, view, row.sourcePort, row.destinationPort - 1);
  at = put(block, at, names.destinationPort);
  at = copy(block, at, view, row.destinationPort, row.protocol - 1);
  at = put(block, at, names.protocol);
  at = copy(block, at, view, row.protocol, row.packets - 1);
  at = put(block, at, names.packets);
  at = copy(block, at, view, row.packets, row.bytes - 1);
  at = put(block, at, names.bytes);
  at = copy(block, at, view, row.bytes, row.start - 1);
  at = put(block, at, names.start);
  at = copy(block, at, view, row.start, row.end - 1);
  at = put(block, at, names.end);
  return copy(block, at, view, row.end, row.action - 1);
}

function put(block: DataView, at: number, { from, to }: Piece): number {
  return copy(block, at, PIECES, from, to);
}

/** A part of PIECES. */
interface Piece {
  readonly from: number;
  readonly to: number;
}

const PIECES = new DataView(new ArrayBuffer(1024));
let piecesEnd = 0;

function piece(text: string): Piece {
  const from = piecesEnd;
  for (const byte of Buffer.from(text)) PIECES.setUint8(piecesEnd++, byte);
  return { from, to: piecesEnd };
}

/** What stands between the value of an attribute and that of the next one, of this name. */
export function attribute(name: string): string {
  return `" govpc_${name}="`;
}

/** The same in a label. */
export function labelLine(name: string): string {
  return `\\n${name}=`;
}

/** What stands before each attribute, or before each line of a label; the value before it ends with it. */
function names(before: (name: string) => string) {
  return {
    interface: piece(before("eniID")),
    sourcePort: piece(before("srcPort")),
    destinationPort: piece(before("dstPort")),
    protocol: piece(before("protocol")),
    packets: piece(before("packets")),
    bytes: piece(before("bytes")),
    start: piece(before("start")),
    end: piece(before("end")),
  };
}
type Names = ReturnType<typeof names>;

const OPEN = piece("digraph {\n");
const INDENT = piece('\t"');
const ARROW = piece('" -> "');
const ACCOUNT_ATTRIBUTE = piece('" [govpc_accountID="');
const ATTRIBUTES = names(attribute);
const GREEN_LABEL = piece('" color=green label="accountID=');
const RED_LABEL = piece('" color=red label="accountID=');
const LABEL_LINES = names(labelLine);
const END = piece('"]\n');
const NODE_LABEL = piece('" [label="');
const CLOSE = piece("}\n");
