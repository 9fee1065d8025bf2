import { EndpointTable, hashEndpoint, portOf } from "./endpoint-table.js";
import type { KeyTable } from "./key-table.js";
import { CHUNK_ROWS, chunkOf, rowInChunk } from "./row-chunk.js";
import { DESTINATION, KIND, PORTS, ROW_WORDS, SOURCE } from "./sum-row.js";

/** Bits of a sketch: eight for each row, within these bounds (8 KiB to 32 MiB). */
const [MIN_BITS, MAX_BITS] = [16, 28];
const BITS_PER_ROW = 8;

/**
 * Counts the different counterparts (address and port) of each endpoint in records that keep both ports. To be shown every
 * table twice, and all records of a pair of endpoints in one table.
 *
 * Most endpoints are the sockets of clients, which have one counterpart. They are found in a first pass, with two bits
 * each, and only the others are counted: memory grows with the services rather than with the connections. Two endpoints
 * that share their bits are both counted, so the counts are exact.
 */
export class Peers {
  readonly #shift: number;
  readonly #once: Uint32Array;
  readonly #again: Uint32Array;
  readonly #counts = new EndpointTable();

  /** @param rows of all tables together */
  constructor(rows: number) {
    const bits = Math.min(MAX_BITS, Math.max(MIN_BITS, Math.ceil(Math.log2(rows * BITS_PER_ROW))));
    this.#shift = 32 - bits;
    this.#once = new Uint32Array(2 ** bits / 32);
    this.#again = new Uint32Array(2 ** bits / 32);
  }

  /** The first pass. Yields now and then, so that others have their turn. */
  sketch(table: KeyTable): Generator<undefined> {
    return eachPair(table, (address, port, otherAddress, otherPort) => {
      this.#mark(address, port);
      this.#mark(otherAddress, otherPort);
    });
  }

  /** The second pass, when all tables had their first. */
  count(table: KeyTable): Generator<undefined> {
    return eachPair(table, (address, port, otherAddress, otherPort) => {
      if (this.#isBusy(address, port)) this.#counts.increase(address, port);
      if (this.#isBusy(otherAddress, otherPort)) this.#counts.increase(otherAddress, otherPort);
    });
  }

  /** Of an endpoint that was shown. */
  of(address: number, port: number): number {
    return Math.max(1, this.#counts.get(address, port));
  }

  #mark(address: number, port: number): void {
    const bit = hashEndpoint(address, port) >>> this.#shift;
    const mask = 1 << (bit & 31);
    const word = bit >>> 5;
    const seen = this.#once[word] ?? 0;
    if ((seen & mask) === 0) this.#once[word] = seen | mask;
    else this.#again[word] = (this.#again[word] ?? 0) | mask;
  }

  #isBusy(address: number, port: number): boolean {
    const bit = hashEndpoint(address, port) >>> this.#shift;
    return ((this.#again[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;
  }
}

/** Visits each pair of endpoints of a table once, whichever of the two sent. Yields after each chunk. */
function* eachPair(
  { chunks, size }: KeyTable,
  visit: (address: number, port: number, otherAddress: number, otherPort: number) => void,
): Generator<undefined> {
  // Rows + 1 by the hash of their pair, at most half full.
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * size + 2)));
  const mask = slots.length - 1;
  for (const [chunk, { words }] of chunks.entries()) {
    const first = CHUNK_ROWS * chunk;
    for (let row = first; row < Math.min(size, first + CHUNK_ROWS); row++) {
      const at = ROW_WORDS * rowInChunk(row);
      const source = words[at + SOURCE] ?? 0;
      const destination = words[at + DESTINATION] ?? 0;
      const sourcePort = sourcePortOf(words, at);
      const destinationPort = destinationPortOf(words, at);
      let slot = (hashEndpoint(source, sourcePort) + hashEndpoint(destination, destinationPort)) & mask;
      for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
        const other = (slots[slot] ?? 0) - 1;
        const others = chunks[chunkOf(other)]?.words ?? words;
        if (isSamePair(words, at, others, ROW_WORDS * rowInChunk(other))) break;
      }
      if (slots[slot] !== 0) continue;
      slots[slot] = row + 1;
      visit(source, sourcePort, destination, destinationPort);
    }
    yield;
  }
}

/** In the same direction or the other. */
function isSamePair(words: Uint32Array, at: number, others: Uint32Array, other: number): boolean {
  if (((words[at + KIND] ?? 0) & 0xff) !== ((others[other + KIND] ?? 0) & 0xff)) return false;
  const ports = words[at + PORTS] ?? 0;
  const otherPorts = others[other + PORTS] ?? 0;
  const source = words[at + SOURCE];
  const destination = words[at + DESTINATION];
  if (
    source === others[other + SOURCE] &&
    destination === others[other + DESTINATION] &&
    ports === otherPorts
  ) {
    return true;
  }
  const swapped = ((ports >>> 16) | (ports << 16)) >>> 0;
  return (
    source === others[other + DESTINATION] && destination === others[other + SOURCE] && swapped === otherPorts
  );
}

/** The port of a row's source, with its protocol. */
export function sourcePortOf(words: Uint32Array, at: number): number {
  return portOf((words[at + PORTS] ?? 0) >>> 16, (words[at + KIND] ?? 0) & 0xff);
}

export function destinationPortOf(words: Uint32Array, at: number): number {
  return portOf((words[at + PORTS] ?? 0) & 0xffff, (words[at + KIND] ?? 0) & 0xff);
}
