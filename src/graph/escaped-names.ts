import { NumberSet } from "../edges/number-set.js";
import type { ByteTable } from "../flow-log/byte-table.js";
import { copyBytes, OVERRUN_BYTES, viewOf } from "../flow-log/data-view.js";

const BACKSLASH = 0x5c;

/** Names of a table as they stand between quotes in DOT. Hardly any has a backslash: who hasn't is copied as it is. */
export class EscapedNames {
  readonly #seen = new NumberSet();
  readonly #escaped = new Map<number, DataView>();

  /** Copies as `ByteTable.copy` does, with each backslash doubled. */
  copy(table: ByteTable, number: number, target: DataView, at: number): number {
    const end = table.copy(number, target, at);
    if (this.#seen.add(number)) this.#look(number, target, at, end);
    if (this.#escaped.size === 0) return end;
    const escaped = this.#escaped.get(number);
    return escaped === undefined
      ? end
      : copyBytes(target, at, escaped, 0, escaped.byteLength - OVERRUN_BYTES);
  }

  #look(number: number, view: DataView, from: number, to: number): void {
    const bytes: number[] = [];
    for (let at = from; at < to; at++) {
      const byte = view.getUint8(at);
      bytes.push(byte);
      if (byte === BACKSLASH) bytes.push(byte);
    }
    if (bytes.length === to - from) return;
    this.#escaped.set(number, viewOf(Uint8Array.from([...bytes, ...new Uint8Array(OVERRUN_BYTES)])));
  }
}
