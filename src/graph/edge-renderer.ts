import { writeInt64, type Int64s } from "../edges/int64.js";
import type { EdgeBatch } from "../edges/table.js";
import { REJECT } from "../edges/table.js";
import { writeDecimal } from "../flow-log/decimal.js";
import { copyBytes, viewOf } from "../flow-log/data-view.js";
import { EscapedNames } from "./escaped-names.js";
import type { Row } from "./row.js";

/** More than a row takes: two names of 256 backslashes, each doubled, two addresses of 45 bytes, and numbers. */
const ROW_BYTES = 2048;
const TIMES_BYTES = 64;
const SPACE = 0x20;

/** Writes the edges of batches out as text, one at a time, as the DOT writer takes them. */
export class EdgeRenderer {
  readonly #bytes = Buffer.alloc(ROW_BYTES, " ");
  readonly #view = viewOf(this.#bytes);
  readonly #accounts = new EscapedNames();
  readonly #interfaces = new EscapedNames();
  /** Start and end as text, which are the same in most rows, if not in all. */
  readonly #times = Buffer.alloc(TIMES_BYTES, " ");
  readonly #timesView = viewOf(this.#times);
  readonly #timesOf = new Uint32Array(4);
  #startBytes = 0;
  #timesBytes = 0;

  /** Sets the fields of `row`, which are valid until the next call. */
  render(batch: EdgeBatch, i: number, row: Row): void {
    const bytes = this.#bytes;
    const view = this.#view;
    const { names } = batch;
    row.view = view;
    row.account = 0;
    row.interface = after(bytes, this.#accounts.copy(names.accounts, batch.account[i] ?? 0, view, 0));
    row.source = after(
      bytes,
      this.#interfaces.copy(names.interfaces, batch.interface[i] ?? 0, view, row.interface),
    );
    row.destination = after(bytes, names.addresses.copy(batch.source[i] ?? 0, view, row.source));
    row.sourcePort = after(bytes, names.addresses.copy(batch.destination[i] ?? 0, view, row.destination));
    row.destinationPort = after(bytes, writeDecimal(bytes, row.sourcePort, batch.sourcePort[i] ?? 0));
    row.protocol = after(bytes, writeDecimal(bytes, row.destinationPort, batch.destinationPort[i] ?? 0));
    row.packets = after(bytes, writeDecimal(bytes, row.protocol, batch.protocol[i] ?? 0));
    row.bytes = after(bytes, writeInt64(bytes, row.packets, batch.packets, i));
    row.start = after(bytes, writeInt64(bytes, row.bytes, batch.bytes, i));
    if (!this.#hasTimes(batch.start, batch.end, i)) this.#setTimes(batch.start, batch.end, i);
    row.end = row.start + this.#startBytes;
    row.action = copyBytes(view, row.start, this.#timesView, 0, this.#timesBytes);
    row.rejected = batch.action[i] === REJECT;
  }

  #hasTimes(start: Int64s, end: Int64s, i: number): boolean {
    const times = this.#timesOf;
    return (
      this.#timesBytes > 0 &&
      times[0] === start[2 * i] &&
      times[1] === start[2 * i + 1] &&
      times[2] === end[2 * i] &&
      times[3] === end[2 * i + 1]
    );
  }

  #setTimes(start: Int64s, end: Int64s, i: number): void {
    this.#timesOf.set(start.subarray(2 * i, 2 * i + 2));
    this.#timesOf.set(end.subarray(2 * i, 2 * i + 2), 2);
    this.#startBytes = after(this.#times, writeInt64(this.#times, 0, start, i));
    this.#timesBytes = after(this.#times, writeInt64(this.#times, this.#startBytes, end, i));
  }
}

/** Separates a field from the next. */
function after(bytes: Buffer, at: number): number {
  bytes[at] = SPACE;
  return at + 1;
}
