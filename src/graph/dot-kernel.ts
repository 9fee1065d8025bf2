import { crc32 } from "node:zlib";
import { REJECT, type EdgeBatch } from "../edges/table.js";
import type { ByteTable } from "../flow-log/byte-table.js";
import { viewOf } from "../flow-log/data-view.js";
import { instantiate } from "../web-assembly.js";
import { DISTANCES, END_OF_BLOCK, HEADER, LENGTHS, LITERALS, type Code } from "./deflate-code.js";
import { attribute, labelLine } from "./dot-writer.js";
import { KeptNames } from "./kept-names.js";

/** What `assembly/dot.ts` exports: places in its memory, and functions. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly LITERAL_CODES: Place;
  readonly LENGTH_CODES: Place;
  readonly DISTANCE_CODES: Place;
  readonly PIECES: Place;
  readonly PIECE_BYTES: Place;
  readonly PACKETS: Place;
  readonly BYTES: Place;
  readonly START: Place;
  readonly END: Place;
  readonly NAMES: Place;
  readonly SOURCE_PORT: Place;
  readonly DESTINATION_PORT: Place;
  readonly PROTOCOL: Place;
  readonly REJECTED: Place;
  readonly ADDRESS_LENGTHS: Place;
  readonly ADDRESSES: Place;
  readonly ROWS: Place;
  readonly TEXT: Place;
  readonly OUTPUT: Place;
  readonly OUTPUT_FULL: Place;
  readonly KEPT_NAMES: Place;
  reset(): void;
  put(bits: number, count: number): void;
  open(): void;
  edges(from: number, to: number): number;
  nodes(count: number): void;
  close(): void;
  align(): void;
  textEnd(): number;
  outputEnd(): number;
  taken(): void;
}
interface Place {
  readonly value: number;
}

/** Of each address: the longest one, with what is copied too much. */
const ADDRESS_BYTES = 48;

const VALUES = ["eniID", "srcPort", "dstPort", "protocol", "packets", "bytes", "start", "end"];
/** In the order of `assembly/dot.ts`. */
const PIECES = [
  "digraph {\n",
  "}\n",
  '\t"',
  '" -> "',
  '" [label="',
  '"]\n',
  '" [govpc_accountID="',
  '" color=green label="accountID=',
  '" color=red label="accountID=',
  ...VALUES.map(attribute),
  ...VALUES.map(labelLine),
];

/** Those that no graph has. */
const idle: DotKernel[] = [];

/**
 * The kernel in WebAssembly that writes edges and nodes as DOT, and this as DEFLATE, with its memory. The same rows give the
 * same bytes, however they are cut.
 */
export class DotKernel {
  /** Of the text so far. */
  crc = 0;
  bytes = 0;
  #full: Buffer[] = [];
  readonly #exports: Exports;
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

  private constructor() {
    // The exports are those of `assembly/dot.ts`.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const exports = instantiate("graph/dot.wasm") as unknown as Exports;
    const { buffer } = exports.memory;
    const rows = exports.ROWS.value;
    this.#exports = exports;
    this.#memory = Buffer.from(buffer);
    this.#view = viewOf(this.#memory);
    this.#packets = new Uint32Array(buffer, exports.PACKETS.value, 2 * rows);
    this.#bytes = new Uint32Array(buffer, exports.BYTES.value, 2 * rows);
    this.#start = new Uint32Array(buffer, exports.START.value, 2 * rows);
    this.#end = new Uint32Array(buffer, exports.END.value, 2 * rows);
    this.#names = new Uint32Array(buffer, exports.NAMES.value, rows);
    this.#sourcePort = new Uint16Array(buffer, exports.SOURCE_PORT.value, rows);
    this.#destinationPort = new Uint16Array(buffer, exports.DESTINATION_PORT.value, rows);
    this.#protocol = new Uint8Array(buffer, exports.PROTOCOL.value, rows);
    this.#rejected = new Uint8Array(buffer, exports.REJECTED.value, rows);
    this.#addressLengths = new Uint8Array(buffer, exports.ADDRESS_LENGTHS.value, 2 * rows);
    this.#addresses = exports.ADDRESSES.value;
    this.#keptNames = new KeptNames(this.#memory, exports.KEPT_NAMES.value);
    this.#setConstants();
  }

  /** A kernel that begins a graph. Whoever takes it gives it back. */
  static take(): DotKernel {
    const kernel = idle.pop() ?? new DotKernel();
    kernel.#begin();
    return kernel;
  }

  give(): void {
    idle.push(this);
  }

  /** Rows that are compressed at once, in a fraction of a millisecond. */
  get rows(): number {
    return this.#exports.ROWS.value;
  }

  /** @param to not more than `rows` after `from` */
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
    for (let row = 0; row < rows;) {
      row = this.#exports.edges(row, rows);
      this.#count();
    }
  }

  /** @param numbers at most `rows` of these addresses */
  nodes(addresses: ByteTable, numbers: Int32Array): void {
    for (const [i, number] of numbers.entries()) this.#setAddress(i, addresses, number);
    this.#exports.nodes(numbers.length);
    this.#count();
  }

  close(): void {
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
    this.#exports.reset();
    for (const code of HEADER) this.#put(code);
    this.#exports.open();
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

  #setConstants(): void {
    const { LITERAL_CODES, LENGTH_CODES, DISTANCE_CODES, PIECES: pieces, PIECE_BYTES } = this.#exports;
    const setCodes = (place: Place, codes: readonly Code[]) => {
      for (const [i, { bits, count }] of codes.entries()) {
        this.#view.setUint32(place.value + 4 * i, bits + count * 2 ** 24, true);
      }
    };
    setCodes(LITERAL_CODES, LITERALS);
    setCodes(LENGTH_CODES, LENGTHS);
    setCodes(DISTANCE_CODES, DISTANCES);
    for (const [i, piece] of PIECES.entries()) {
      const at = pieces.value + i * PIECE_BYTES.value;
      this.#view.setUint32(at, piece.length, true);
      this.#memory.write(piece, at + 4, "latin1");
    }
  }
}
