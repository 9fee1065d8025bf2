import { UNKNOWN } from "./codes.js";
import type { LineKernel } from "./line-kernel.js";

/** Texts in memory they share, in the order of their places. */
export interface TextSpans {
  readonly view: DataView;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly length: number;
}

/** Where in the kernel's input, of which lines that wait for more have the front. */
const AT = 64 * 1024 + 64;
const MAX_BYTES = 64 * 1024;
const NOT_KNOWN = Int32Array.of(UNKNOWN);

/** The texts of a table that were met before in a job, as far as the kernel was told: many are found there in one go. */
export class KnownTexts {
  readonly #kernel: LineKernel;
  readonly #table: number;

  constructor(kernel: LineKernel, table: number) {
    this.#kernel = kernel;
    this.#table = table;
  }

  /** The numbers of some texts from the first one on, `UNKNOWN` for those not met. Valid until the next call. */
  find({ view, starts, ends, length }: TextSpans, first: number): Int32Array {
    const { input, spans } = this.#kernel;
    const start = starts[first] ?? 0;
    let count = Math.min(length - first, spans.length / 2);
    while (count > 0 && (ends[first + count - 1] ?? 0) - start > MAX_BYTES) count >>>= 1;
    if (count === 0) return NOT_KNOWN;
    const end = ends[first + count - 1] ?? 0;
    input.set(new Uint8Array(view.buffer, view.byteOffset + start, end - start), AT);
    spans.set(starts.subarray(first, first + count));
    spans.set(ends.subarray(first, first + count), spans.length / 2);
    this.#kernel.find(this.#table, count, AT - start);
    return spans.subarray(0, count);
  }

  /** From now on it is found. */
  tell(view: DataView, from: number, to: number, number: number): void {
    if (to - from > MAX_BYTES) return;
    this.#kernel.input.set(new Uint8Array(view.buffer, view.byteOffset + from, to - from), AT);
    this.#kernel.remember(this.#table, AT, AT + to - from, number);
  }
}
