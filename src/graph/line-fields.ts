import { copyBytes } from "../flow-log/data-view.js";
import type { Row } from "./row.js";

/** Of each row: where its twelve fields begin, and four more. */
const WORDS = 16;

/** Rows of text in the memory of a kernel. */
export class LineFields {
  size = 0;
  readonly #view: DataView;
  readonly #words: Uint32Array;
  /** Where the texts of all are, and where they end. */
  readonly #start: number;
  #end: number;

  /**
   * @param words with room for the rows that are there at once
   * @param start from where on the memory has room for as many texts
   */
  constructor(view: DataView, words: Uint32Array, start: number) {
    this.#view = view;
    this.#words = words;
    this.#start = start;
    this.#end = start;
  }

  add(row: Row): void {
    const words = this.#words;
    const shift = this.#end - row.account;
    this.#end = copyBytes(this.#view, this.#end, row.view, row.account, row.action);
    const at = WORDS * this.size++;
    words[at] = row.account + shift;
    words[at + 1] = row.interface + shift;
    words[at + 2] = row.source + shift;
    words[at + 3] = row.destination + shift;
    words[at + 4] = row.sourcePort + shift;
    words[at + 5] = row.destinationPort + shift;
    words[at + 6] = row.protocol + shift;
    words[at + 7] = row.packets + shift;
    words[at + 8] = row.bytes + shift;
    words[at + 9] = row.start + shift;
    words[at + 10] = row.end + shift;
    words[at + 11] = row.action + shift;
  }

  clear(): void {
    this.size = 0;
    this.#end = this.#start;
  }
}
