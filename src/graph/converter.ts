import { newAddressTable } from "../flow-log/address.js";
import { viewOf } from "../flow-log/data-view.js";
import { MAX_LINE_BYTES, parseLine, tooLong } from "./parse-line.js";
import { Row } from "./row.js";
import { scanLine } from "./scan-line.js";
import type { GraphStats } from "./stats.js";
import { WholeLines } from "./whole-lines.js";

const LF = 0x0a;

/** Who writes DOT: edges, then nodes. */
export interface EdgeWriter {
  edge(row: Row): void;
  node(view: DataView, from: number, to: number): void;
  close(): void;
  /** The blocks that are finished, each once. */
  take(): Buffer[];
}

/** Turns the bytes of a digest, cut anywhere, into DOT. Synchronous: `digestToGzip` makes a stream of it. */
export class Converter {
  readonly #stats: GraphStats;
  readonly #row = new Row();
  readonly #addresses = newAddressTable();
  readonly #dot: EdgeWriter;
  readonly #whole = new WholeLines(
    (bytes, from, end) => this.#convert(bytes, from, end),
    MAX_LINE_BYTES,
    (start) => tooLong(start, this.#lines + 1),
  );
  #lines = 0;

  constructor(stats: GraphStats, dot: EdgeWriter) {
    this.#stats = stats;
    this.#dot = dot;
  }

  /** @throws CorruptInputError when a line is malformed */
  write(bytes: Buffer): void {
    this.#whole.write(bytes);
  }

  /** The digest is over; its last line may lack the line feed. */
  end(): void {
    this.#whole.end();
  }

  /** The blocks that are finished, each once. */
  take(): Buffer[] {
    return this.#dot.take();
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
