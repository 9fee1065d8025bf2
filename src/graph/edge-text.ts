import { writeInt64 } from "../edges/int64.js";
import { REJECT, type EdgeBatch } from "../edges/table.js";
import { copyBytes } from "../flow-log/data-view.js";
import { writeDecimal } from "../flow-log/decimal.js";
import { attribute, labelLine, type DotPart } from "./dot-writer.js";
import { copyPiece as copy, piece, type KeptPieces } from "./kept-pieces.js";

const INDENT = piece('\t"');
const ARROW = piece('" -> "');
const DESTINATION_PORT = piece(attribute("dstPort"));
const BYTES = piece(attribute("bytes"));
const DESTINATION_PORT_LINE = piece(labelLine("dstPort"));
const BYTES_LINE = piece(labelLine("bytes"));
const PROTOCOLS = Array.from({ length: 256 }, (_, protocol) => ({
  attributes: piece(`${attribute("protocol")}${protocol}${attribute("packets")}`),
  lines: piece(`${labelLine("protocol")}${protocol}${labelLine("packets")}`),
}));

/** An edge of a batch as a line of DOT, put together from pieces: numbers are written once, names and times hardly ever. */
export class EdgeText implements DotPart {
  readonly #batch: EdgeBatch;
  readonly #kept: KeptPieces;
  row = 0;

  constructor(batch: EdgeBatch, kept: KeptPieces) {
    this.#batch = batch;
    this.#kept = kept;
  }

  writeTo(bytes: Buffer, view: DataView, start: number): number {
    const batch = this.#batch;
    const { row } = this;
    const { addresses } = batch.names;
    const kept = this.#kept;
    const names = kept.names(batch, row);
    const times = kept.times(batch, row);
    const protocol = PROTOCOLS[batch.protocol[row] ?? 0];
    if (protocol === undefined) throw new RangeError("a protocol above 255");
    let at = copy(view, start, INDENT);
    at = addresses.copy(batch.source[row] ?? 0, view, at);
    at = copy(view, at, ARROW);
    at = addresses.copy(batch.destination[row] ?? 0, view, at);
    const sourcePort = copyBytes(view, at, kept.view, kept.places[names] ?? 0, kept.places[names + 1] ?? 0);
    const sourcePortEnd = writeDecimal(bytes, sourcePort, batch.sourcePort[row] ?? 0);
    const destinationPort = copy(view, sourcePortEnd, DESTINATION_PORT);
    const destinationPortEnd = writeDecimal(bytes, destinationPort, batch.destinationPort[row] ?? 0);
    const packets = copy(view, destinationPortEnd, protocol.attributes);
    const packetsEnd = writeInt64(bytes, packets, batch.packets, row);
    const sum = copy(view, packetsEnd, BYTES);
    const sumEnd = writeInt64(bytes, sum, batch.bytes, row);
    at = copy(view, sumEnd, batch.action[row] === REJECT ? times.red : times.green);
    at = copyBytes(view, at, kept.view, kept.places[names + 1] ?? 0, kept.places[names + 2] ?? 0);
    at = copyBytes(view, at, view, sourcePort, sourcePortEnd);
    at = copy(view, at, DESTINATION_PORT_LINE);
    at = copyBytes(view, at, view, destinationPort, destinationPortEnd);
    at = copy(view, at, protocol.lines);
    at = copyBytes(view, at, view, packets, packetsEnd);
    at = copy(view, at, BYTES_LINE);
    at = copyBytes(view, at, view, sum, sumEnd);
    return copy(view, at, times.lines);
  }
}
