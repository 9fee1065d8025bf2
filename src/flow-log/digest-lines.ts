import type { Aggregation } from "./aggregation.js";
import { writeDecimal } from "./decimal.js";
import type { KeyTable } from "./key-table.js";
import { chunkOf, rowInChunk } from "./row-chunk.js";
import {
  ACCOUNT,
  BYTES,
  DESTINATION,
  INTERFACE,
  KIND,
  PACKETS,
  PORTS,
  ROW_WORDS,
  SOURCE,
} from "./sum-row.js";
import { viewOf } from "./data-view.js";

const BLOCK = 64 * 1024;
/** More than any line takes: two names of 256 bytes, two addresses of 45, and numbers. */
const MAX_LINE = 1024;

/** The rows of one partition as lines in the default flow log format, in blocks of whole lines. */
export function* digestLines(aggregation: Aggregation, table: KeyTable): Generator<Buffer> {
  const { accounts, interfaces, addresses, start, end } = aggregation;
  const tails = aggregation.verdicts.map((verdict) => Buffer.from(` ${start} ${end} ${verdict}\n`, "latin1"));
  const { chunks, size } = table;
  let block = Buffer.allocUnsafe(BLOCK);
  let view = viewOf(block);
  let at = 0;
  for (let row = 0; row < size; row++) {
    if (at > BLOCK - MAX_LINE) {
      yield block.subarray(0, at);
      block = Buffer.allocUnsafe(BLOCK);
      view = viewOf(block);
      at = 0;
    }
    const words = chunks[chunkOf(row)]?.words;
    if (words === undefined) throw new RangeError(`no row ${row}`);
    const key = ROW_WORDS * rowInChunk(row);
    const ports = words[key + PORTS] ?? 0;
    const kind = words[key + KIND] ?? 0;
    block[at++] = 0x32;
    block[at++] = 0x20;
    at = accounts.copy(words[key + ACCOUNT] ?? 0, view, at);
    block[at++] = 0x20;
    at = interfaces.copy(words[key + INTERFACE] ?? 0, view, at);
    block[at++] = 0x20;
    at = addresses.copy(words[key + SOURCE] ?? 0, view, at);
    block[at++] = 0x20;
    at = addresses.copy(words[key + DESTINATION] ?? 0, view, at);
    block[at++] = 0x20;
    at = writeDecimal(block, at, ports >>> 16);
    block[at++] = 0x20;
    at = writeDecimal(block, at, ports & 0xffff);
    block[at++] = 0x20;
    at = writeDecimal(block, at, kind & 0xff);
    block[at++] = 0x20;
    at = writeTotal(block, at, table.total(row, PACKETS));
    block[at++] = 0x20;
    at = writeTotal(block, at, table.total(row, BYTES));
    const tail = tails[kind >>> 8];
    if (tail === undefined) throw new RangeError(`no verdict ${kind >>> 8}`);
    block.set(tail, at);
    at += tail.length;
  }
  if (at > 0) yield block.subarray(0, at);
}

function writeTotal(block: Buffer, at: number, total: number | bigint): number {
  if (typeof total === "number") return writeDecimal(block, at, total);
  return at + block.write(String(total), at, "latin1");
}
