import { newAddressTable } from "./address.js";
import { BYTES, KeyTable, PACKETS, ROW_DOUBLES } from "./key-table.js";
import { newNameTable } from "./name-table.js";

/** So that no single table gets large: one that grows stops everything for a moment. A power of two. */
const PARTITIONS = 64;
const PARTITION_SHIFT = 32 - Math.log2(PARTITIONS);

/** Action and log status of the usual records, by their number. */
const VERDICTS = ["ACCEPT OK", "REJECT OK", "- OK"] as const;
export const [ACCEPTED, REJECTED, UNDECIDED] = [0, 1, 2];

/**
 * The sums of a digest in the making. A key's partition is told by its numbers alone, and rows keep their order of first
 * appearance within it: the same records in the same order give the same digest, in any process.
 */
export class Aggregation {
  readonly accounts = newNameTable();
  readonly interfaces = newNameTable();
  readonly addresses = newAddressTable();
  readonly partitions: readonly KeyTable[] = Array.from({ length: PARTITIONS }, () => new KeyTable());
  /** Seconds since 1970: the least start and the greatest end of all records. */
  start = Number.POSITIVE_INFINITY;
  end = 0;
  readonly #verdicts: string[] = [...VERDICTS];

  /** Rows in the partitions. */
  get size(): number {
    return this.partitions.reduce((sum, table) => sum + table.size, 0);
  }

  /** All verdicts, by their number. */
  get verdicts(): readonly string[] {
    return this.#verdicts;
  }

  /** The number of an action and log status as written, separated by a space: they may be in any case. */
  verdict(text: string): number {
    const known = this.#verdicts.indexOf(text);
    return known === -1 ? this.#verdicts.push(text) - 1 : known;
  }

  /**
   * Adds a record, with its ephemeral port set to 0: the larger one, for that is not the service's. A port that is 0
   * already is no service's either, so that a digest that is read again keeps its ports. Packets and bytes are below
   * `SUM_UNIT`; what is above goes into their units.
   */
  add(
    account: number,
    networkInterface: number,
    source: number,
    destination: number,
    sourcePort: number,
    destinationPort: number,
    protocol: number,
    verdict: number,
    packets: number,
    bytes: number,
    packetUnits: number,
    byteUnits: number,
    start: number,
    end: number,
  ): void {
    if (start < this.start) this.start = start;
    if (end > this.end) this.end = end;
    const sourceServes = destinationPort === 0 || (sourcePort !== 0 && sourcePort < destinationPort);
    const ports = sourceServes ? sourcePort * 0x10000 : destinationPort;
    const kind = protocol | (verdict << 8);
    const table = this.partitions[partitionOf(account, networkInterface, source, destination, ports, kind)];
    if (table === undefined) throw new RangeError("a key has one of the partitions");
    const row = table.add(account, networkInterface, source, destination, ports, kind, packets, bytes);
    if (packetUnits > 0) table.addUnits(ROW_DOUBLES * row + PACKETS, packetUnits);
    if (byteUnits > 0) table.addUnits(ROW_DOUBLES * row + BYTES, byteUnits);
  }
}

/** Keys can be prepared that all have one partition, which then is as slow as a table of all keys. */
function partitionOf(
  account: number,
  networkInterface: number,
  source: number,
  destination: number,
  ports: number,
  kind: number,
): number {
  let hash = Math.imul(account ^ Math.imul(networkInterface, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul((hash ^ (hash >>> 15)) + source, 0xc2b2ae35);
  hash = Math.imul((hash ^ (hash >>> 13)) + destination, 0x27d4eb2f);
  hash = Math.imul((hash ^ (hash >>> 15)) + ports, 0x165667b1);
  hash = Math.imul((hash ^ (hash >>> 13)) + kind, 0x9e3779b1);
  return (hash ^ (hash >>> 15)) >>> PARTITION_SHIFT;
}
