import { newAddressTable } from "./address.js";
import { Combinations, NO_VALUES } from "./combinations.js";
import type { KeyTable } from "./key-table.js";
import { FURTHER_FIELDS } from "./further-fields.js";
import type { Endpoints } from "./endpoints.js";
import { newNameTable } from "./name-table.js";
import { CHUNK_ROWS } from "./row-chunk.js";
import { settle } from "./serving.js";
import {
  ACCOUNT,
  ACTIVE,
  ACTIVE_PARTS,
  BYTES,
  DESTINATION,
  FIRST,
  FLOWS,
  INTERFACE,
  KIND,
  LAST,
  PACKETS,
  PORTS,
  ROW_DOUBLES,
  ROW_WORDS,
  SOURCE,
  TRAITS,
} from "./sum-row.js";
import { SumsKernel } from "./sums-kernel.js";
import { tellsServer, traitsOf } from "./traits.js";

const FIELDS = FURTHER_FIELDS.length;

/** What the action of a record says, as numbers that a row's key has. */
export const [UNDECIDED, ACCEPTED, REJECTED] = [0, 1, 2] as const;

/** A sum in two parts: below `SUM_UNIT`, and how often that was taken off. */
interface UnitSum {
  readonly rest: number;
  readonly units: number;
}

/** Rows of one record each. */
interface Rows {
  readonly rows: number;
  readonly words: Uint32Array;
  /** For each row the numbers of its further values + 1, and a bit for each field that its log has. */
  readonly further: Int32Array;
  readonly furtherFields: number;
}

/** What records have in common that were added by the kernel. */
interface Noted {
  readonly furtherFields: number;
  readonly traits: number;
  readonly start: number;
  readonly end: number;
}

/** Records of one key. Names are numbers of the aggregation's tables, times seconds since 1970. */
export interface SummedRecords {
  readonly account: number;
  readonly networkInterface: number;
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly protocol: number;
  readonly action: number;
  /** See `traitsOfSum`. */
  readonly traits: number;
  /** How many records. */
  readonly flows: number;
  readonly packets: UnitSum;
  readonly bytes: UnitSum;
  /** The least start as it is written, which may be after the end of its record. */
  readonly start: number;
  /** The least of the starts, or of the ends where these come first. */
  readonly first: number;
  /** The greatest end. */
  readonly end: number;
  /** Bit n is set when a record ended in the n-th sixtieth of the window. */
  readonly active: bigint;
  readonly combination: number;
}

/**
 * The sums of a window in the making: rows of records whose serving end is told, and those of the others, which keep both
 * ports until all of the window has been read. A row's partition is told by its key alone, and rows keep their order of
 * first appearance within it: the same records in the same order give the same rows.
 */
export class Aggregation {
  readonly accounts = newNameTable();
  readonly interfaces = newNameTable();
  readonly addresses = newAddressTable();
  readonly combinations = new Combinations();
  readonly kernel = SumsKernel.take(this.combinations);
  /** Seconds since 1970: the least start and the greatest end of all records. */
  start = Number.POSITIVE_INFINITY;
  end = 0;
  /** Whether the flags of any record say which end serves. */
  hasHandshakes = false;
  readonly #windowStart: number;
  readonly #partsPerSecond: number;
  /** @param start of the window, in seconds since 1970, as is its stop */
  constructor(start: number, stop: number) {
    this.#windowStart = start;
    this.#partsPerSecond = ACTIVE_PARTS / (stop - start);
  }

  /**
   * Adds a record, whose end is in the window. Packets and bytes are below `SUM_UNIT`; what is above goes into their units.
   *
   * @param flags of TCP, -1 where there are none
   * @param combination the number of that of its further values
   */
  add(
    account: number,
    networkInterface: number,
    source: number,
    destination: number,
    sourcePort: number,
    destinationPort: number,
    protocol: number,
    action: number,
    flags: number,
    packets: number,
    bytes: number,
    packetUnits: number,
    byteUnits: number,
    start: number,
    end: number,
    combination: number,
  ): void {
    if (start < this.start) this.start = start;
    if (end > this.end) this.end = end;
    const { words, doubles, next } = this.kernel;
    const at = ROW_WORDS * next;
    words[at + ACCOUNT] = account;
    words[at + INTERFACE] = networkInterface;
    words[at + SOURCE] = source;
    words[at + DESTINATION] = destination;
    words[at + PORTS] = (sourcePort << 16) | destinationPort;
    words[at + KIND] = protocol | (action << 8);
    const traits = traitsOf(flags);
    if (tellsServer(traits)) this.hasHandshakes = true;
    words[at + TRAITS] = traits;
    words[at + FLOWS] = 1;
    // Even a start that makes no sense has to fit into its word.
    words[at + FIRST] = Math.min(start, end);
    words[at + LAST] = end;
    const part = ((end - this.#windowStart) * this.#partsPerSecond) | 0;
    words[at + ACTIVE] = part < 32 ? 1 << part : 0;
    words[at + ACTIVE + 1] = part < 32 ? 0 : 1 << (part - 32);
    doubles[ROW_DOUBLES * next + PACKETS] = packets;
    doubles[ROW_DOUBLES * next + BYTES] = bytes;
    this.#push(packetUnits, byteUnits, combination);
  }

  /**
   * Adds rows as `add` makes them of records.
   *
   * @param start the least of their starts as these are written
   */
  addRows({ rows, words, further, furtherFields }: Rows, start: number): void {
    const { kernel, combinations } = this;
    const { words: waiting } = kernel;
    const { noted } = this.interfaces;
    if (start < this.start) this.start = start;
    combinations.fields |= furtherFields;
    for (let row = 0; row < rows; row++) {
      const from = ROW_WORDS * row;
      const end = words[from + LAST] ?? 0;
      if (end > this.end) this.end = end;
      if (tellsServer(words[from + TRAITS] ?? 0)) this.hasHandshakes = true;
      if (noted !== undefined) noted.add(words[from + INTERFACE] ?? 0);
      const to = ROW_WORDS * kernel.next;
      for (let word = 0; word < ROW_WORDS; word++) waiting[to + word] = words[from + word] ?? 0;
      kernel.push(furtherFields === 0 ? NO_VALUES : combinations.intern(further, FIELDS * row));
    }
  }

  /** Takes note of records that the kernel has added. */
  note({ furtherFields, traits, start, end }: Noted): void {
    this.combinations.fields |= furtherFields;
    if (tellsServer(traits)) this.hasHandshakes = true;
    if (start < this.start) this.start = start;
    if (end > this.end) this.end = end;
  }

  /**
   * Adds records of one key that were summed elsewhere. Their ends are in the window, and the port of the end that doesn't
   * serve is 0 unless it takes all of the window to tell.
   */
  addSum({ packets, bytes, active, ...sum }: SummedRecords): void {
    if (sum.start < this.start) this.start = sum.start;
    if (sum.end > this.end) this.end = sum.end;
    const { words, doubles, next } = this.kernel;
    const at = ROW_WORDS * next;
    words[at + ACCOUNT] = sum.account;
    words[at + INTERFACE] = sum.networkInterface;
    words[at + SOURCE] = sum.source;
    words[at + DESTINATION] = sum.destination;
    words[at + PORTS] = (sum.sourcePort << 16) | sum.destinationPort;
    words[at + KIND] = sum.protocol | (sum.action << 8);
    words[at + TRAITS] = sum.traits;
    if (tellsServer(sum.traits)) this.hasHandshakes = true;
    words[at + FLOWS] = sum.flows;
    words[at + FIRST] = sum.first;
    words[at + LAST] = sum.end;
    words[at + ACTIVE] = Number(active & 0xffff_ffffn);
    words[at + ACTIVE + 1] = Number(active >> 32n);
    doubles[ROW_DOUBLES * next + PACKETS] = packets.rest;
    doubles[ROW_DOUBLES * next + BYTES] = bytes.rest;
    this.#push(packets.units, bytes.units, sum.combination);
  }

  get decided(): readonly KeyTable[] {
    return this.kernel.decided;
  }

  get open(): readonly KeyTable[] {
    return this.kernel.open;
  }

  /** Adds the row that is written, with what is above `SUM_UNIT`. */
  #push(packetUnits: number, byteUnits: number, combination: number): void {
    const { kernel } = this;
    kernel.push(combination);
    if (packetUnits === 0 && byteUnits === 0) return;
    kernel.flush();
    const { table, row } = kernel.wentTo;
    if (packetUnits > 0) table.addUnits(ROW_DOUBLES * row + PACKETS, packetUnits);
    if (byteUnits > 0) table.addUnits(ROW_DOUBLES * row + BYTES, byteUnits);
  }

  /** Moves the rows of an open partition to the decided ones, when all of the window has been read. Yields now and then. */
  *settle(open: KeyTable, endpoints: Endpoints): Generator<undefined> {
    const { chunks, units } = open;
    yield* endpoints.begin(open);
    for (const [chunk, { words, combinations }] of chunks.entries()) {
      const first = CHUNK_ROWS * chunk;
      const rows = Math.min(CHUNK_ROWS, open.size - first);
      for (let row = 0; row < rows; row++) {
        const at = ROW_WORDS * row;
        settle(words, at, endpoints);
        const decided = this.kernel.addDecided(words, at, combinations?.[row] ?? NO_VALUES);
        if (units.size > 0) moveUnits(open, first + row, this.kernel.wentTo.table, decided);
      }
      yield;
    }
    open.clear();
  }
}

function moveUnits(from: KeyTable, row: number, to: KeyTable, decided: number): void {
  for (const sum of [PACKETS, BYTES]) {
    const units = from.units.get(ROW_DOUBLES * row + sum) ?? 0;
    if (units > 0) to.addUnits(ROW_DOUBLES * decided + sum, units);
  }
}
