import { REJECT, type EdgeBatch } from "../edges/table.js";
import type { ByteTable } from "../flow-log/byte-table.js";
import { copyBytes, viewOf } from "../flow-log/data-view.js";
import type { DotExports } from "./dot-exports.js";
import { KeptNames } from "./kept-names.js";

// The same as in `assembly/memory.ts`.
/** Rows that are written at once, in a fraction of a millisecond. */
export const ROWS = 512;
/** Of each address: the longest one, with what is copied too much. */
const ADDRESS_BYTES = 48;

/** The columns of rows that come next, in the memory of a kernel. */
export class EdgeColumns {
  readonly #view: DataView;
  readonly #packets: Uint32Array;
  readonly #bytes: Uint32Array;
  readonly #start: Uint32Array;
  readonly #end: Uint32Array;
  readonly #names: Uint32Array;
  readonly #sourcePort: Uint16Array;
  readonly #destinationPort: Uint16Array;
  readonly #protocol: Uint8Array;
  readonly #rejected: Uint8Array;
  readonly #addressLengths: Uint8Array;
  readonly #addresses: number;
  readonly #keptNames: KeptNames;

  constructor(exports: DotExports) {
    const { buffer } = exports.memory;
    const memory = Buffer.from(buffer);
    this.#view = viewOf(memory);
    this.#packets = new Uint32Array(buffer, exports.PACKETS.value, 2 * ROWS);
    this.#bytes = new Uint32Array(buffer, exports.BYTES.value, 2 * ROWS);
    this.#start = new Uint32Array(buffer, exports.START.value, 2 * ROWS);
    this.#end = new Uint32Array(buffer, exports.END.value, 2 * ROWS);
    this.#names = new Uint32Array(buffer, exports.NAMES.value, ROWS);
    this.#sourcePort = new Uint16Array(buffer, exports.SOURCE_PORT.value, ROWS);
    this.#destinationPort = new Uint16Array(buffer, exports.DESTINATION_PORT.value, ROWS);
    this.#protocol = new Uint8Array(buffer, exports.PROTOCOL.value, ROWS);
    this.#rejected = new Uint8Array(buffer, exports.REJECTED.value, ROWS);
    this.#addressLengths = new Uint8Array(buffer, exports.ADDRESS_LENGTHS.value, 2 * ROWS);
    this.#addresses = exports.ADDRESSES.value;
    this.#keptNames = new KeptNames(memory, exports.KEPT_NAMES.value);
  }

  /** Forgets the names of a graph. */
  clear(): void {
    this.#keptNames.clear();
  }

  /** @param to not more than `ROWS` after `from` */
  set(batch: EdgeBatch, from: number, to: number): void {
    this.#packets.set(batch.packets.subarray(2 * from, 2 * to));
    this.#bytes.set(batch.bytes.subarray(2 * from, 2 * to));
    this.#start.set(batch.start.subarray(2 * from, 2 * to));
    this.#end.set(batch.end.subarray(2 * from, 2 * to));
    this.#sourcePort.set(batch.sourcePort.subarray(from, to));
    this.#destinationPort.set(batch.destinationPort.subarray(from, to));
    this.#protocol.set(batch.protocol.subarray(from, to));
    const { addresses } = batch.names;
    this.#keptNames.makeRoom(to - from);
    for (let i = 0, row = from; row < to; i++, row++) {
      this.#rejected[i] = batch.action[row] === REJECT ? 1 : 0;
      this.#names[i] = this.#keptNames.place(batch, row);
      this.setAddress(2 * i, addresses, batch.source[row] ?? 0);
      this.setAddress(2 * i + 1, addresses, batch.destination[row] ?? 0);
    }
  }

  setNode(index: number, view: DataView, from: number, to: number): void {
    copyBytes(this.#view, this.#addresses + index * ADDRESS_BYTES, view, from, to);
    this.#addressLengths[index] = to - from;
  }

  /** Of sources and destinations in turn, or of nodes. */
  setAddress(index: number, addresses: ByteTable, number: number): void {
    const at = this.#addresses + index * ADDRESS_BYTES;
    this.#addressLengths[index] = addresses.copy(number, this.#view, at) - at;
  }
}
