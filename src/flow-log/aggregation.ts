import { newAddressTable } from "./address.js";
import { Combinations, NO_VALUES } from "./combinations.js";
import { KeyTable } from "./key-table.js";
import { FURTHER_FIELDS } from "./further-fields.js";
import type { Endpoints } from "./endpoints.js";
import { newNameTable } from "./name-table.js";
import { CHUNK_ROWS, type RowChunk } from "./row-chunk.js";
import { decide, settle } from "./serving.js";
import {
  ACCOUNT,
  ACTIVE,
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
import { tellsServer, traitsOf } from "./traits.js";

const FIELDS = FURTHER_FIELDS.length;
/** So that no single table gets large: one that grows stops everything for a moment. A power of two. */
const PARTITIONS = 64;
const PARTITION_SHIFT = 32 - Math.log2(PARTITIONS);
/** Parts of a window in which an edge may be seen active. */
export const ACTIVE_PARTS = 60;

/** What the action of a record says, as numbers that a row's key has. */
export const [UNDECIDED, ACCEPTED, REJECTED] = [0, 1, 2] as const;

/** A sum in two parts: below `SUM_UNIT`, and how often that was taken off. */
interface UnitSum {
  readonly rest: number;
  readonly units: number;
}

/** Rows of one record each, in words and, the same memory, doubles. */
interface Rows {
  readonly rows: number;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  /** For each row the numbers of its further values + 1, and a bit for each field that its log has. */
  readonly further: Int32Array;
  readonly furtherFields: number;
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
  readonly #pool: RowChunk[] = [];
  readonly decided: readonly KeyTable[] = this.#newPartitions();
  /** All rows of a pair of endpoints are in one partition. */
  readonly open: readonly KeyTable[] = this.#newPartitions();
  /** Seconds since 1970: the least start and the greatest end of all records. */
  start = Number.POSITIVE_INFINITY;
  end = 0;
  /** Whether the flags of any record say which end serves. */
  hasHandshakes = false;
  readonly #windowStart: number;
  readonly #partsPerSecond: number;
  /** The row of one record. */
  readonly #words = new Uint32Array(ROW_WORDS);
  readonly #doubles = new Float64Array(this.#words.buffer);

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
    const words = this.#words;
    words[ACCOUNT] = account;
    words[INTERFACE] = networkInterface;
    words[SOURCE] = source;
    words[DESTINATION] = destination;
    words[PORTS] = (sourcePort << 16) | destinationPort;
    words[KIND] = protocol | (action << 8);
    const traits = traitsOf(flags);
    if (tellsServer(traits)) this.hasHandshakes = true;
    words[TRAITS] = traits;
    words[FLOWS] = 1;
    // Even a start that makes no sense has to fit into its word.
    words[FIRST] = Math.min(start, end);
    words[LAST] = end;
    const part = ((end - this.#windowStart) * this.#partsPerSecond) | 0;
    words[ACTIVE] = part < 32 ? 1 << part : 0;
    words[ACTIVE + 1] = part < 32 ? 0 : 1 << (part - 32);
    this.#doubles[PACKETS] = packets;
    this.#doubles[BYTES] = bytes;
    this.#put(packetUnits, byteUnits, combination);
  }

  /**
   * Adds rows as `add` makes them of records.
   *
   * @param start the least of their starts as these are written
   */
  addRows({ rows, words, doubles, further, furtherFields }: Rows, start: number): void {
    if (start < this.start) this.start = start;
    const { combinations } = this;
    const { noted } = this.interfaces;
    combinations.fields |= furtherFields;
    for (let row = 0; row < rows; row++) {
      const at = ROW_WORDS * row;
      const end = words[at + LAST] ?? 0;
      if (end > this.end) this.end = end;
      if (tellsServer(words[at + TRAITS] ?? 0)) this.hasHandshakes = true;
      if (noted !== undefined) noted.add(words[at + INTERFACE] ?? 0);
      const combination = furtherFields === 0 ? NO_VALUES : combinations.intern(further, FIELDS * row);
      this.#tableOf(words, at).add(words, doubles, row, combination);
    }
  }

  /**
   * Adds records of one key that were summed elsewhere. Their ends are in the window, and the port of the end that doesn't
   * serve is 0 unless it takes all of the window to tell.
   */
  addSum({ packets, bytes, active, ...sum }: SummedRecords): void {
    if (sum.start < this.start) this.start = sum.start;
    if (sum.end > this.end) this.end = sum.end;
    const words = this.#words;
    words[ACCOUNT] = sum.account;
    words[INTERFACE] = sum.networkInterface;
    words[SOURCE] = sum.source;
    words[DESTINATION] = sum.destination;
    words[PORTS] = (sum.sourcePort << 16) | sum.destinationPort;
    words[KIND] = sum.protocol | (sum.action << 8);
    words[TRAITS] = sum.traits;
    if (tellsServer(sum.traits)) this.hasHandshakes = true;
    words[FLOWS] = sum.flows;
    words[FIRST] = sum.first;
    words[LAST] = sum.end;
    words[ACTIVE] = Number(active & 0xffff_ffffn);
    words[ACTIVE + 1] = Number(active >> 32n);
    this.#doubles[PACKETS] = packets.rest;
    this.#doubles[BYTES] = bytes.rest;
    this.#put(packets.units, bytes.units, sum.combination);
  }

  /** Adds the row that is in the words, with what is above `SUM_UNIT`. */
  #put(packetUnits: number, byteUnits: number, combination: number): void {
    const table = this.#tableOf(this.#words, 0);
    const row = table.add(this.#words, this.#doubles, 0, combination);
    if (packetUnits > 0) table.addUnits(ROW_DOUBLES * row + PACKETS, packetUnits);
    if (byteUnits > 0) table.addUnits(ROW_DOUBLES * row + BYTES, byteUnits);
  }

  /** The table that a record's row belongs to, when it has been looked at for the first time. */
  #tableOf(words: Uint32Array, at: number): KeyTable {
    const table = decide(words, at)
      ? this.decided[decidedPartition(words, at)]
      : this.open[openPartition(words, at)];
    if (table === undefined) throw new RangeError("a row has one of the partitions");
    return table;
  }

  /** Moves the rows of an open partition to the decided ones, when all of the window has been read. Yields now and then. */
  *settle(open: KeyTable, endpoints: Endpoints): Generator<undefined> {
    const { chunks, units } = open;
    yield* endpoints.begin(open);
    for (const [chunk, { words, doubles, combinations }] of chunks.entries()) {
      const first = CHUNK_ROWS * chunk;
      const rows = Math.min(CHUNK_ROWS, open.size - first);
      for (let row = 0; row < rows; row++) {
        const at = ROW_WORDS * row;
        settle(words, at, endpoints);
        const table = this.decided[decidedPartition(words, at)];
        if (table === undefined) throw new RangeError("a row has one of the partitions");
        const decided = table.add(words, doubles, row, combinations?.[row] ?? NO_VALUES);
        if (units.size > 0) moveUnits(open, first + row, table, decided);
      }
      yield;
    }
    open.clear();
  }

  #newPartitions(): KeyTable[] {
    return Array.from({ length: PARTITIONS }, () => new KeyTable(this.#pool, this.combinations));
  }
}

function moveUnits(from: KeyTable, row: number, to: KeyTable, decided: number): void {
  for (const sum of [PACKETS, BYTES]) {
    const units = from.units.get(ROW_DOUBLES * row + sum) ?? 0;
    if (units > 0) to.addUnits(ROW_DOUBLES * decided + sum, units);
  }
}

/** Without a secret, since the order of lines hangs on it. */
function decidedPartition(words: Uint32Array, at: number): number {
  let hash = Math.imul((words[at + SOURCE] ?? 0) ^ Math.imul(words[at + PORTS] ?? 0, 0x165667b1), 0x85ebca6b);
  hash = Math.imul((hash ^ (hash >>> 15)) + (words[at + DESTINATION] ?? 0), 0xc2b2ae35);
  return (hash ^ (hash >>> 15)) >>> PARTITION_SHIFT;
}

/** The same for both directions of a pair of endpoints. */
function openPartition(words: Uint32Array, at: number): number {
  const ports = words[at + PORTS] ?? 0;
  const source = Math.imul((words[at + SOURCE] ?? 0) + Math.imul(ports >>> 16, 0x165667b1), 0x85ebca6b);
  const destination = Math.imul(
    (words[at + DESTINATION] ?? 0) + Math.imul(ports & 0xffff, 0x165667b1),
    0x85ebca6b,
  );
  const hash = Math.imul((source ^ (source >>> 15)) + (destination ^ (destination >>> 15)), 0xc2b2ae35);
  return (hash ^ (hash >>> 15)) >>> PARTITION_SHIFT;
}
