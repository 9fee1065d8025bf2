import { eachPair } from "./endpoint-pairs.js";
import { EndpointTable, hashEndpoint } from "./endpoint-table.js";
import type { KeyTable } from "./key-table.js";
import { CHUNK_ROWS } from "./row-chunk.js";
import { DESTINATION, destinationPortOf, PORTS, ROW_WORDS, SOURCE, sourcePortOf, TRAITS } from "./sum-row.js";
import { accepts, asks } from "./traits.js";

/** Bits of a sketch: eight for each row, within these bounds (8 KiB to 32 MiB). */
const [MIN_BITS, MAX_BITS] = [16, 28];
const BITS_PER_ROW = 8;

/**
 * What a window tells of the endpoints (address and port) of its open rows: how many different counterparts each has among
 * these, and whether flags say that it serves. All rows of a pair of endpoints are in one table. To be shown every open
 * table three times, to `sketch`, `count` and `begin`, and the decided ones once, after the sketch.
 *
 * Most endpoints are the sockets of clients, or of hosts that are scanned, and have one counterpart: what is to know of them
 * is in one table. They are found in the first pass, with two bits each, and only the others are remembered: memory grows
 * with the services rather than with the connections. An endpoint that shares its bits with another may be remembered
 * without need, so nothing is estimated.
 *
 * Passes yield now and then, so that others have their turn.
 */
export class Endpoints {
  readonly #shift: number;
  readonly #once: Uint32Array;
  readonly #again: Uint32Array;
  readonly #counts = new EndpointTable();
  readonly #served = new EndpointTable();
  /** Those of the table that is being settled. */
  #servedHere = new EndpointTable();

  /** @param rows of all open tables together */
  constructor(rows: number) {
    const bits = Math.min(MAX_BITS, Math.max(MIN_BITS, Math.ceil(Math.log2(rows * BITS_PER_ROW))));
    this.#shift = 32 - bits;
    this.#once = new Uint32Array(2 ** bits / 32);
    this.#again = new Uint32Array(2 ** bits / 32);
  }

  /** The first pass over open tables. */
  sketch(open: KeyTable): Generator<undefined> {
    return eachPair(open, (address, port, otherAddress, otherPort) => {
      this.#mark(address, port);
      this.#mark(otherAddress, otherPort);
    });
  }

  /** The second pass over open tables. */
  *count(open: KeyTable): Generator<undefined> {
    yield* eachPair(open, (address, port, otherAddress, otherPort) => {
      if (this.#has(this.#again, address, port)) this.#counts.increase(address, port);
      // One that talks to itself has one counterpart by that.
      if (address === otherAddress && port === otherPort) return;
      if (this.#has(this.#again, otherAddress, otherPort)) this.#counts.increase(otherAddress, otherPort);
    });
    yield* eachServed(open, (address, port) => {
      if (this.#has(this.#again, address, port)) this.#served.increase(address, port);
    });
  }

  /** The pass over decided tables. Their rows kept the port that serves, and flags agree with it. */
  heed(decided: KeyTable): Generator<undefined> {
    return eachServed(decided, (address, port) => {
      if (this.#has(this.#once, address, port)) this.#served.increase(address, port);
    });
  }

  /** The third pass over open tables: what is told of endpoints is of this one's from now on. */
  begin(open: KeyTable): Generator<undefined> {
    this.#servedHere = new EndpointTable();
    return eachServed(open, (address, port) => this.#servedHere.increase(address, port));
  }

  /** How many different counterparts an endpoint has. */
  peers(address: number, port: number): number {
    return Math.max(1, this.#counts.get(address, port));
  }

  /** Whether flags say that an endpoint serves. */
  serves(address: number, port: number): boolean {
    return this.#servedHere.get(address, port) > 0 || this.#served.get(address, port) > 0;
  }

  #mark(address: number, port: number): void {
    const bit = hashEndpoint(address, port) >>> this.#shift;
    const mask = 1 << (bit & 31);
    const word = bit >>> 5;
    const seen = this.#once[word] ?? 0;
    if ((seen & mask) === 0) this.#once[word] = seen | mask;
    else this.#again[word] = (this.#again[word] ?? 0) | mask;
  }

  #has(sketch: Uint32Array, address: number, port: number): boolean {
    const bit = hashEndpoint(address, port) >>> this.#shift;
    return ((sketch[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;
  }
}

/** Visits the endpoints that serve by the flags of rows, some more than once. Yields after each chunk. */
function* eachServed(
  { chunks, size }: KeyTable,
  visit: (address: number, port: number) => void,
): Generator<undefined> {
  for (const [chunk, { words }] of chunks.entries()) {
    const end = ROW_WORDS * Math.min(CHUNK_ROWS, size - CHUNK_ROWS * chunk);
    for (let at = 0; at < end; at += ROW_WORDS) {
      const traits = words[at + TRAITS] ?? 0;
      const ports = words[at + PORTS] ?? 0;
      if (accepts(traits) && ports >>> 16 !== 0) visit(words[at + SOURCE] ?? 0, sourcePortOf(words, at));
      if (asks(traits) && (ports & 0xffff) !== 0)
        visit(words[at + DESTINATION] ?? 0, destinationPortOf(words, at));
    }
    yield;
  }
}
