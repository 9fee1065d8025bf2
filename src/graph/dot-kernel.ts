import { crc32 } from "node:zlib";
import type { EdgeBatch } from "../edges/table.js";
import type { ByteTable } from "../flow-log/byte-table.js";
import { viewOf } from "../flow-log/data-view.js";
import { IdleKernels } from "../idle-kernels.js";
import { END_OF_BLOCK, HEADER, type Code } from "./deflate-code.js";
import { newDotExports, type DotExports } from "./dot-exports.js";
import { EdgeColumns, ROWS } from "./edge-columns.js";
import type { EdgeLine } from "./parse-line.js";

/** Those that no graph has. */
const idle = new IdleKernels<DotKernel>(32 * 1024 * 1024);

/** What `lines` counts. */
interface LineStats {
  edges: number;
  rejected: number;
}

/**
 * The kernel in WebAssembly that writes edges and nodes as DOT, and this as DEFLATE, with its memory. The same edges give the
 * same bytes, however they are cut.
 */
export class DotKernel {
  /** Of the text so far. */
  crc = 0;
  bytes = 0;
  /** Where lines of a digest begin that are copied to it. */
  readonly input: number;
  /** The addresses of a digest's lines. */
  #addresses: ByteTable | undefined;
  #full: Buffer[] = [];
  readonly #exports: DotExports;
  readonly #memory: Buffer;
  readonly #view: DataView;
  readonly #columns: EdgeColumns;
  /** Nodes whose addresses are in the columns. */
  #nodes = 0;

  private constructor() {
    this.#exports = newDotExports((from, to) => this.#addNode(from, to));
    this.#memory = Buffer.from(this.#exports.memory.buffer);
    this.#view = viewOf(this.#memory);
    this.#columns = new EdgeColumns(this.#exports);
    this.input = this.#exports.INPUT.value;
  }

  /** A kernel that begins a graph. Whoever takes it gives it back. */
  static take(): DotKernel {
    const kernel = idle.take() ?? new DotKernel();
    kernel.#begin();
    return kernel;
  }

  give(): void {
    this.#addresses = undefined;
    idle.keep(this, this.#memory.byteLength);
  }

  /** @param to not more than `ROWS` after `from` */
  edges(batch: EdgeBatch, from: number, to: number): void {
    this.#columns.set(batch, from, to);
    for (let row = 0; row < to - from; this.#takeTextIfFull()) row = this.#exports.edges(row, to - from);
  }

  /** @param addresses to which those of all lines are added */
  beginLines(addresses: ByteTable): void {
    this.#addresses = addresses;
    this.#exports.forgetRecent();
  }

  /**
   * The edges of a digest's usual lines, up to one that is odd.
   *
   * @param from a place in what was copied to `input`, of a line's begin
   * @param to where the last line has ended
   * @returns where the first line begins that wasn't taken
   */
  lines(from: number, to: number, stats: LineStats): number {
    for (let at = from; ;) {
      at = this.#exports.lines(at, to);
      stats.edges += this.#exports.lineCount.value;
      stats.rejected += this.#exports.rejectedCount.value;
      if (!this.#takeTextIfFull()) return at;
    }
  }

  /** Copies lines to `input`, where there is room for the longest one. Returns where they end. */
  setLines(lines: Uint8Array): number {
    this.#memory.set(lines, this.input);
    return this.input + lines.length;
  }

  /** The edge of a line that is odd. */
  oddLine({ fields, rejected }: EdgeLine): void {
    const at = this.#exports.ODD_LINE.value;
    this.#exports.oddLine(at + this.#memory.write(fields, at, "latin1"), rejected);
    this.#takeTextIfFull();
  }

  /** @param numbers at most `ROWS` of these addresses */
  nodes(addresses: ByteTable, numbers: Int32Array): void {
    for (const [i, number] of numbers.entries()) this.#columns.setAddress(i, addresses, number);
    this.#nodes = numbers.length;
    this.#writeNodes();
  }

  /** @param from where an address is */
  node(view: DataView, from: number, to: number): void {
    this.#columns.setNode(this.#nodes++, view, from, to);
    if (this.#nodes === ROWS) this.#writeNodes();
  }

  close(): void {
    this.#writeNodes();
    this.#takeText();
    this.#exports.close();
    this.#takeText();
    this.#put(END_OF_BLOCK);
    this.#exports.align();
    this.#takeOutput();
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
    this.#nodes = 0;
    this.#columns.clear();
    this.#exports.reset();
    for (const code of HEADER) this.#put(code);
    this.#exports.open();
  }

  #addNode(from: number, to: number): boolean {
    return this.#addresses !== undefined && this.#addresses.intern(this.#view, from, to) >= 0;
  }

  #writeNodes(): void {
    // There is room for the text of as many as this then.
    this.#takeText();
    this.#exports.nodes(this.#nodes);
    this.#nodes = 0;
  }

  #put({ bits, count }: Code): void {
    this.#exports.put(bits, count);
  }

  #takeTextIfFull(): boolean {
    const isFull = this.#exports.textEnd() >= this.#exports.TEXT_FULL.value;
    if (isFull) this.#takeText();
    return isFull;
  }

  #takeText(): void {
    const text = this.#memory.subarray(this.#exports.TEXT.value, this.#exports.textEnd());
    this.crc = crc32(text, this.crc);
    this.bytes += text.length;
    this.#exports.textTaken();
    if (this.#exports.outputEnd() >= this.#exports.OUTPUT_FULL.value) this.#takeOutput();
  }

  #takeOutput(): void {
    const output = this.#memory.subarray(this.#exports.OUTPUT.value, this.#exports.outputEnd());
    this.#full.push(Buffer.from(output));
    this.#exports.outputTaken();
  }
}
