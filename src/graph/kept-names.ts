import { textOf, type EdgeBatch } from "../edges/table.js";
import { withRoom } from "../flow-log/room.js";

/** Two names of 256 backslashes, each doubled, and their lengths, with what a kernel reads too much. */
const MAX_BYTES = 1056;
const LENGTHS_BYTES = 8;

/** Accounts and interfaces of edges as DOT has them, each pair once, in the memory of a kernel. */
export class KeptNames {
  readonly #memory: Buffer;
  readonly #start: number;
  #end: number;
  /** Of each interface: where it is, with which account. */
  #places = new Int32Array(0);
  #accounts = new Int32Array(0);

  /** @param start where its part of the memory begins, which goes on to the end */
  constructor(memory: Buffer, start: number) {
    this.#memory = memory;
    this.#start = start;
    this.#end = start;
  }

  clear(): void {
    this.#places.fill(0);
    this.#end = this.#start;
  }

  /** Forgets what is there when there isn't room for so many rows, whatever their names are. */
  makeRoom(rows: number): void {
    if (this.#end + rows * MAX_BYTES > this.#memory.length) this.clear();
  }

  /** The address of the lengths of both, in 4 bytes each, and of the texts after them. */
  place(batch: EdgeBatch, row: number): number {
    const account = batch.account[row] ?? 0;
    const number = batch.interface[row] ?? 0;
    const place = this.#places[number] ?? 0;
    return place > 0 && this.#accounts[number] === account ? place : this.#keep(batch, account, number);
  }

  #keep({ names }: EdgeBatch, account: number, number: number): number {
    const place = this.#end;
    const accountText = escaped(textOf(names.accounts, account));
    const interfaceText = escaped(textOf(names.interfaces, number));
    this.#memory.writeUInt32LE(accountText.length, place);
    this.#memory.writeUInt32LE(interfaceText.length, place + 4);
    const text = place + LENGTHS_BYTES;
    this.#end = text + this.#memory.write(accountText + interfaceText, text, "latin1");
    this.#places = withRoom(this.#places, number + 1);
    this.#accounts = withRoom(this.#accounts, number + 1);
    this.#places[number] = place;
    this.#accounts[number] = account;
    return place;
  }
}

/** As it stands between quotes: a backslash before the closing one would escape it. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\");
}
