import { newAddressTable } from "./address.js";
import { BYTES, hashKey, KeyTable, PACKETS, ROW_DOUBLES } from "./key-table.js";
import { newNameTable } from "./name.js";

/** So that no single table gets large: one that grows stops everything for a moment. A power of two. */
const PARTITIONS = 64;
const PARTITION_SHIFT = 32 - Math.log2(PARTITIONS);

/** Action and log status of the usual records, by their number. */
const VERDICTS = ["ACCEPT OK", "REJECT OK", "- OK"] as const;
export const [ACCEPTED, REJECTED, UNDECIDED] = [0, 1, 2];

/**
 * The sums of a digest in the making. A key's partition is told by its hash, and rows keep their order of first
 * appearance within it: the same records in the same order give the same digest.
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
   * Adds a record, with its ephemeral port set to 0: the larger one, for that is not the service's. Packets and bytes
   * are below `SUM_UNIT`; what is above goes into their units.
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
    const ports = sourcePort < destinationPort ? sourcePort * 0x10000 : destinationPort;
    const kind = protocol | (verdict << 8);
    const hash = hashKey(account, networkInterface, source, destination, ports, kind);
    const table = this.partitions[hash >>> PARTITION_SHIFT];
    if (table === undefined) throw new RangeError("a hash of 32 bits has one of the partitions");
    const row = table.add(hash, account, networkInterface, source, destination, ports, kind, packets, bytes);
    if (packetUnits > 0) table.addUnits(ROW_DOUBLES * row + PACKETS, packetUnits);
    if (byteUnits > 0) table.addUnits(ROW_DOUBLES * row + BYTES, byteUnits);
  }
}
