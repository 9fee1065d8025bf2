import { crc32 } from "node:zlib";
import { REJECT, type EdgeBatch } from "../edges/table.js";
import type { ByteTable } from "../flow-log/byte-table.js";
import { copyBytes, viewOf } from "../flow-log/data-view.js";
import { IdleKernels } from "../idle-kernels.js";
import type { EdgeWriter } from "./converter.js";
import { END_OF_BLOCK, HEADER, type Code } from "./deflate-code.js";
import { newDotExports, type DotExports } from "./dot-exports.js";
import { KeptNames } from "./kept-names.js";
import { LineFields } from "./line-fields.js";
import type { Row } from "./row.js";

// The same as in `assembly/memory.ts`.
/** Rows that are written at once, in a fraction of a millisecond. */
export const ROWS = 512;
/** Of each address: the longest one, with what is copied too much. */
const ADDRESS_BYTES = 48;
const FIELDS_WORDS = 16;

/** Those that no graph has. */
const idle = new IdleKernels<DotKernel>(32 * 1024 * 1024);

/**
 * The kernel in WebAssembly that writes edges and nodes as DOT, and this as DEFLATE, with its memory. The same rows give the
 * same bytes, however they are cut.
 */
export class DotKernel implements EdgeWriter {
  /** Of the text so far. */
  crc = 0;
  bytes = 0;
  #full: Buffer[] = [];
  readonly #exports: DotExports = newDotExports();
  readonly #memory: Buffer;
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
  readonly #fields: LineFields;
  /** Nodes whose addresses are there. */
  #nodes = 0;

  private constructor() {
    const exports = this.#exports;
    const { buffer } = exports.memory;
    this.#memory = Buffer.from(buffer);
    this.#view = viewOf(this.#memory);
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
    this.#keptNames = new KeptNames(this.#memory, exports.KEPT_NAMES.value);
    const fields = new Uint32Array(buffer, exports.FIELDS.value, FIELDS_WORDS * ROWS);
    this.#fields = new LineFields(this.#view, fields, exports.KEPT_NAMES.value);
  }

  /** A kernel that begins a graph. Whoever takes it gives it back. */
  static take(): DotKernel {
    const kernel = idle.take() ?? new DotKernel();
    kernel.#begin();
    return kernel;
  }

  give(): void {
    idle.keep(this, this.#memory.byteLength);
  }

  /** @param to not more than `ROWS` after `from` */
  edges(batch: EdgeBatch, from: number, to: number): void {
    const rows = to - from;
    this.#packets.set(batch.packets.subarray(2 * from, 2 * to));
    this.#bytes.set(batch.bytes.subarray(2 * from, 2 * to));
    this.#start.set(batch.start.subarray(2 * from, 2 * to));
    this.#end.set(batch.end.subarray(2 * from, 2 * to));
    this.#sourcePort.set(batch.sourcePort.subarray(from, to));
    this.#destinationPort.set(batch.destinationPort.subarray(from, to));
    this.#protocol.set(batch.protocol.subarray(from, to));
    const { addresses } = batch.names;
    this.#keptNames.makeRoom(rows);
    for (let i = 0, row = from; row < to; i++, row++) {
      this.#rejected[i] = batch.action[row] === REJECT ? 1 : 0;
      this.#names[i] = this.#keptNames.place(batch, row);
      this.#setAddress(2 * i, addresses, batch.source[row] ?? 0);
      this.#setAddress(2 * i + 1, addresses, batch.destination[row] ?? 0);
    }
    this.#write(rows, false);
  }

  edge(row: Row): void {
    this.#rejected[this.#fields.size] = row.rejected ? 1 : 0;
    this.#fields.add(row);
    if (this.#fields.size === ROWS) this.#writeFields();
  }

  /** @param numbers at most `ROWS` of these addresses */
  nodes(addresses: ByteTable, numbers: Int32Array): void {
    for (const [i, number] of numbers.entries()) this.#setAddress(i, addresses, number);
    this.#nodes = numbers.length;
    this.#writeNodes();
  }

  node(view: DataView, from: number, to: number): void {
    this.#writeFields();
    copyBytes(this.#view, this.#addresses + this.#nodes * ADDRESS_BYTES, view, from, to);
    this.#addressLengths[this.#nodes++] = to - from;
    if (this.#nodes === ROWS) this.#writeNodes();
  }

  close(): void {
    this.#writeFields();
    this.#writeNodes();
    this.#exports.close();
    this.#count();
    this.#put(END_OF_BLOCK);
    this.#exports.align();
    this.#take();
  }

  /** What has come out, in blocks worth the while, each once. */
  take(): Buffer[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  #begin(): void {
    this.#full = [];
    this.crc = 0;
    this.bytes = 0;
    this.#keptNames.clear();
    this.#fields.clear();
    this.#nodes = 0;
    this.#exports.reset();
    for (const code of HEADER) this.#put(code);
    this.#exports.open();
    this.#count();
  }

  #write(rows: number, areFields: boolean): void {
    for (let row = 0; row < rows;) {
      row = this.#exports.edges(row, rows, areFields);
      this.#count();
    }
  }

  #writeFields(): void {
    if (this.#fields.size === 0) return;
    this.#write(this.#fields.size, true);
    this.#fields.clear();
  }

  #writeNodes(): void {
    if (this.#nodes === 0) return;
    this.#exports.nodes(this.#nodes);
    this.#nodes = 0;
    this.#count();
  }

  #put({ bits, count }: Code): void {
    this.#exports.put(bits, count);
  }

  #count(): void {
    const text = this.#memory.subarray(this.#exports.TEXT.value, this.#exports.textEnd());
    this.crc = crc32(text, this.crc);
    this.bytes += text.length;
    if (this.#exports.outputEnd() >= this.#exports.OUTPUT_FULL.value) this.#take();
  }

  #take(): void {
    const output = this.#memory.subarray(this.#exports.OUTPUT.value, this.#exports.outputEnd());
    this.#full.push(Buffer.from(output));
    this.#exports.taken();
  }

  #setAddress(index: number, addresses: ByteTable, number: number): void {
    const at = this.#addresses + index * ADDRESS_BYTES;
    this.#addressLengths[index] = addresses.copy(number, this.#view, at) - at;
  }
}
