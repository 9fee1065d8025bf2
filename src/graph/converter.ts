import { newAddressTable } from "../flow-log/address.js";
import type { DotKernel } from "./dot-kernel.js";
import { MAX_LINE_BYTES, parseLine, tooLong } from "./parse-line.js";
import type { GraphStats } from "./stats.js";
import { WholeLines } from "./whole-lines.js";

const LF = 0x0a;

/** Turns the bytes of a digest, cut anywhere, into DOT. Synchronous: `digestToGzip` makes a stream of it. */
export class Converter {
  readonly #stats: GraphStats;
  readonly #kernel: DotKernel;
  readonly #addresses = newAddressTable();
  readonly #whole = new WholeLines(
    (bytes, from, end) => this.#convert(bytes.subarray(from, end)),
    MAX_LINE_BYTES,
    (start) => tooLong(start, this.#lines + 1),
  );
  #lines = 0;

  constructor(stats: GraphStats, kernel: DotKernel) {
    this.#stats = stats;
    this.#kernel = kernel;
    kernel.beginLines(this.#addresses);
  }

  /**
   * @param bytes at most 64 KiB
   * @throws CorruptInputError when a line is malformed
   */
  write(bytes: Buffer): void {
    this.#whole.write(bytes);
  }

  /** The digest is over; its last line may lack the line feed. */
  end(): void {
    this.#whole.end();
  }

  /** The rest of the DOT: the nodes, in order of first appearance. Each step takes about a millisecond. */
  *nodes(): Generator<void> {
    this.#stats.nodes = this.#addresses.size;
    for (const page of this.#addresses.pages()) {
      page.forEach((view, from, to) => this.#kernel.node(view, from, to));
      yield;
    }
    this.#kernel.close();
    yield;
  }

  #convert(lines: Buffer): void {
    const { input } = this.#kernel;
    const end = this.#kernel.setLines(lines);
    for (let at = input; at < end;) {
      const before = this.#stats.edges;
      at = this.#kernel.lines(at, end, this.#stats);
      this.#lines += this.#stats.edges - before;
      if (at === end) return;
      const newline = lines.indexOf(LF, at - input);
      this.#convertOdd(lines.subarray(at - input, newline));
      at = input + newline + 1;
    }
  }

  #convertOdd(bytes: Buffer): void {
    this.#lines++;
    const line = parseLine(bytes, this.#lines);
    if (line.kind === "nodata") this.#stats.nodata++;
    if (line.kind === "skipdata") this.#stats.skipdata++;
    if (line.kind !== "edge") return;
    this.#kernel.oddLine(line);
    this.#stats.edges++;
    if (line.rejected) this.#stats.rejected++;
  }
}
