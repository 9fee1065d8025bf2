import { newAddressTable } from "../flow-log/address.js";
import { viewOf } from "../flow-log/data-view.js";
import { DotWriter } from "./dot-writer.js";
import { MAX_LINE_BYTES, parseLine, tooLong } from "./parse-line.js";
import { Row } from "./row.js";
import { scanLine } from "./scan-line.js";
import type { GraphStats } from "./stats.js";

const LF = 0x0a;
/** A CR and an LF come on top. */
const MAX_CARRY_BYTES = MAX_LINE_BYTES + 2;

/** Turns the bytes of a digest, cut anywhere, into blocks of DOT. Synchronous: `toDot` makes a stream of it. */
export class Converter {
  readonly #stats: GraphStats;
  readonly #row = new Row();
  readonly #addresses = newAddressTable();
  readonly #dot = new DotWriter();
  /** The line that the last piece broke off in, with room for the line feed that `end` adds. */
  readonly #carry = Buffer.allocUnsafe(MAX_CARRY_BYTES + 1);
  #carried = 0;
  #lines = 0;

  constructor(stats: GraphStats) {
    this.#stats = stats;
    this.#dot.open();
  }

  /** @throws CorruptInputError when a line is malformed */
  write(bytes: Buffer): void {
    let at = 0;
    if (this.#carried > 0) {
      const newline = bytes.indexOf(LF);
      at = newline === -1 ? bytes.length : newline + 1;
      this.#keep(bytes.subarray(0, at));
      if (newline === -1) return;
      const line = this.#carry.subarray(0, this.#carried);
      this.#carried = 0;
      this.#convert(line, 0, line.length);
    }
    const end = bytes.lastIndexOf(LF) + 1;
    if (end > at) this.#convert(bytes, at, end);
    this.#keep(bytes.subarray(Math.max(at, end)));
  }

  /** The digest is over; its last line may lack the line feed. */
  end(): void {
    if (this.#carried === 0) return;
    this.#carry[this.#carried++] = LF;
    this.#convert(this.#carry, 0, this.#carried);
  }

  /** The blocks of DOT that are finished, each once. */
  take(): Buffer[] {
    const blocks = this.#dot.take();
    for (const block of blocks) this.#stats.bytes += block.length;
    return blocks;
  }

  /** The rest of the DOT: the nodes, in order of first appearance. Each step takes about a millisecond. */
  *nodes(): Generator<Buffer[]> {
    this.#stats.nodes = this.#addresses.size;
    for (const page of this.#addresses.pages()) {
      page.forEach((view, from, to) => this.#dot.node(view, from, to));
      yield this.take();
    }
    this.#dot.close();
    yield this.take();
  }

  #keep(bytes: Buffer): void {
    if (this.#carried + bytes.length > MAX_CARRY_BYTES) {
      const start = Buffer.concat([this.#carry.subarray(0, this.#carried), bytes]);
      throw tooLong(start, this.#lines + 1);
    }
    this.#carried += bytes.copy(this.#carry, this.#carried);
  }

  /** Whole lines only: the byte before `end` is a line feed. */
  #convert(bytes: Buffer, from: number, end: number): void {
    const view = viewOf(bytes);
    const row = this.#row;
    for (let at = from; at < end;) {
      this.#lines++;
      const next = scanLine(row, view, at, end);
      if (next > 0 && this.#addEdge(row)) {
        at = next;
      } else {
        const newline = bytes.indexOf(LF, at);
        this.#convertSlowly(bytes.subarray(at, newline));
        at = newline + 1;
      }
    }
  }

  /** False when an address isn't one. */
  #addEdge(row: Row): boolean {
    const { view } = row;
    if (this.#addresses.intern(view, row.source, row.destination - 1) < 0) return false;
    if (this.#addresses.intern(view, row.destination, row.sourcePort - 1) < 0) return false;
    this.#dot.edge(row);
    this.#stats.edges++;
    if (row.rejected) this.#stats.rejected++;
    return true;
  }

  #convertSlowly(bytes: Buffer): void {
    const line = parseLine(bytes, this.#lines);
    if (line.kind === "nodata") this.#stats.nodata++;
    if (line.kind === "skipdata") this.#stats.skipdata++;
    if (line.kind !== "edge") return;
    this.#row.setFields(line.fields);
    this.#addEdge(this.#row);
  }
}
