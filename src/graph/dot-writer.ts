import type { Row } from "./row.js";

/** DOT comes in blocks of exactly this size, the last one excepted. */
export const BLOCK_BYTES = 256 * 1024;
/** More than the longest edge: two tokens of 256 backslashes, each doubled, each written twice, take 2 KiB. */
const OVERFLOW_BYTES = 4 * 1024;
const WORD_BYTES = 8;

/** Renders DOT into blocks. Two rows that differ never look the same: what it writes can be read back. */
export class DotWriter {
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES + OVERFLOW_BYTES);
  #view = viewOf(this.#block);
  #at = 0;
  #full: Buffer[] = [];

  open(): void {
    this.#put(OPEN);
  }

  edge(row: Row): void {
    const { view } = row;
    this.#put(INDENT);
    this.#copy(view, row.source, row.destination - 1);
    this.#put(ARROW);
    this.#copy(view, row.destination, row.sourcePort - 1);
    this.#put(ATTRIBUTES.account);
    this.#copy(view, row.account, row.interface - 1);
    this.#put(ATTRIBUTES.interface);
    this.#copy(view, row.interface, row.source - 1);
    this.#numbers(row, ATTRIBUTES);
    this.#put(row.rejected ? RED : GREEN);
    this.#copy(view, row.account, row.interface - 1);
    this.#put(LABEL.interface);
    this.#copy(view, row.interface, row.source - 1);
    this.#numbers(row, LABEL);
    this.#put(END);
    this.#turnOver();
  }

  node(view: DataView, from: number, to: number): void {
    this.#put(INDENT);
    this.#copy(view, from, to);
    this.#put(NODE_LABEL);
    this.#copy(view, from, to);
    this.#put(END);
    this.#turnOver();
  }

  close(): void {
    this.#put(CLOSE);
    this.#full.push(this.#block.subarray(0, this.#at));
    this.#at = 0;
  }

  /** The blocks that are finished, each once. */
  take(): Buffer[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  #numbers(row: Row, names: Names): void {
    const { view } = row;
    this.#put(names.sourcePort);
    this.#copy(view, row.sourcePort, row.destinationPort - 1);
    this.#put(names.destinationPort);
    this.#copy(view, row.destinationPort, row.protocol - 1);
    this.#put(names.protocol);
    this.#copy(view, row.protocol, row.packets - 1);
    this.#put(names.packets);
    this.#copy(view, row.packets, row.bytes - 1);
    this.#put(names.bytes);
    this.#copy(view, row.bytes, row.start - 1);
    this.#put(names.start);
    this.#copy(view, row.start, row.end - 1);
    this.#put(names.end);
    this.#copy(view, row.end, row.action - 1);
  }

  #put({ from, to }: Piece): void {
    this.#copy(PIECES, from, to);
  }

  /**
   * Eight bytes at a time, faster for such short pieces than `TypedArray.set`. Up to seven bytes too many are copied: here
   * the next piece overwrites them, and the source must have them. Float64 carries any bits but those of a NaN, and
   * ASCII never makes one.
   */
  #copy(source: DataView, from: number, to: number): void {
    const target = this.#view;
    const shift = this.#at - from;
    for (let at = from; at < to; at += WORD_BYTES) {
      target.setFloat64(at + shift, source.getFloat64(at, true), true);
    }
    this.#at = to + shift;
  }

  #turnOver(): void {
    if (this.#at < BLOCK_BYTES) return;
    const full = this.#block;
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES + OVERFLOW_BYTES);
    this.#view = viewOf(this.#block);
    full.copy(this.#block, 0, BLOCK_BYTES, this.#at);
    this.#at -= BLOCK_BYTES;
    this.#full.push(full.subarray(0, BLOCK_BYTES));
  }
}

export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
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
const ATTRIBUTES = { account: piece('" [govpc_accountID="'), ...names((name) => `" govpc_${name}="`) };
const GREEN = piece('" color=green label="accountID=');
const RED = piece('" color=red label="accountID=');
const LABEL = names((name) => `\\n${name}=`);
const END = piece('"]\n');
const NODE_LABEL = piece('" [label="');
const CLOSE = piece("}\n");
