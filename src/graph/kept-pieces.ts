import { bigInt64At } from "../edges/int64.js";
import { textOf, type EdgeBatch } from "../edges/table.js";
import { copyBytes, OVERRUN_BYTES, viewOf } from "../flow-log/data-view.js";
import { withRoom } from "../flow-log/room.js";
import { attribute, labelLine } from "./dot-writer.js";

/** Of the pieces of interfaces, some 200 each. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;
const FIRST_BYTES = 4096;
const PLACE_WORDS = 4;

/** Bytes of an edge that come again, and that are copied at once. */
export interface Piece {
  readonly view: DataView;
  readonly length: number;
}

export function piece(text: string): Piece {
  return { view: viewOf(Buffer.from(text + " ".repeat(OVERRUN_BYTES), "latin1")), length: text.length };
}

/** Copies as `copyBytes` does. */
export function copyPiece(view: DataView, at: number, source: Piece): number {
  return copyBytes(view, at, source.view, 0, source.length);
}

interface TimePieces {
  readonly green: Piece;
  readonly red: Piece;
  readonly lines: Piece;
}

/** Pieces of the interfaces of a graph, and of the times, which are the same in most edges, if not in all. */
export class KeptPieces {
  #bytes = Buffer.alloc(FIRST_BYTES);
  view = viewOf(this.#bytes);
  /** Of each interface: where its attributes begin and end in `view`, its lines of the label end, and its account. */
  places = new Int32Array(0);
  /** Index in `places` of the first word + 1, by interface; 0 for none. */
  #indices = new Int32Array(0);
  #end = 0;
  #size = 0;
  readonly #timesOf = new Uint32Array(4);
  #times: TimePieces | undefined;

  /** @returns where in `places` the pieces of an edge's account and interface are */
  names(batch: EdgeBatch, row: number): number {
    const account = batch.account[row] ?? 0;
    const number = batch.interface[row] ?? 0;
    const index = (this.#indices[number] ?? 0) - 1;
    return index >= 0 && this.places[index + 3] === account ? index : this.#keep(batch, account, number);
  }

  #keep(batch: EdgeBatch, account: number, number: number): number {
    const accountText = escaped(textOf(batch.names.accounts, account));
    const interfaceText = escaped(textOf(batch.names.interfaces, number));
    const attributes = `" [govpc_accountID="${accountText}${attribute("eniID")}${interfaceText}${attribute("srcPort")}`;
    const lines = `${accountText}${labelLine("eniID")}${interfaceText}${labelLine("srcPort")}`;
    if (this.#end > MAX_KEPT_BYTES) {
      this.#indices.fill(0);
      this.#size = 0;
      this.#end = 0;
    }
    const needed = this.#end + attributes.length + lines.length + OVERRUN_BYTES;
    if (needed > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes], 2 * needed);
      this.view = viewOf(this.#bytes);
    }
    const from = this.#end;
    const middle = from + this.#bytes.write(attributes, from, "latin1");
    this.#end = middle + this.#bytes.write(lines, middle, "latin1");
    const index = PLACE_WORDS * this.#size++;
    this.places = withRoom(this.places, index + PLACE_WORDS);
    this.places.set([from, middle, this.#end, account], index);
    this.#indices = withRoom(this.#indices, number + 1);
    this.#indices[number] = index + 1;
    return index;
  }

  times({ start, end }: EdgeBatch, row: number): TimePieces {
    const of = this.#timesOf;
    const low = 2 * row;
    if (
      this.#times !== undefined &&
      of[0] === start[low] &&
      of[1] === start[low + 1] &&
      of[2] === end[low] &&
      of[3] === end[low + 1]
    ) {
      return this.#times;
    }
    of.set(start.subarray(low, low + 2));
    of.set(end.subarray(low, low + 2), 2);
    const [first, last] = [bigInt64At(start, row), bigInt64At(end, row)];
    const attributes = `${attribute("start")}${first}${attribute("end")}${last}" color=`;
    this.#times = {
      green: piece(`${attributes}green label="accountID=`),
      red: piece(`${attributes}red label="accountID=`),
      lines: piece(`${labelLine("start")}${first}${labelLine("end")}${last}"]\n`),
    };
    return this.#times;
  }
}

/** As it stands between quotes: a backslash before the closing one would escape it. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\");
}
