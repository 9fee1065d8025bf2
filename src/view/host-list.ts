import { NumberSet } from "../edges/number-set.js";
import { withRoom } from "../flow-log/room.js";
import type { Conversations } from "./conversations.js";
import type { RowTest } from "./filter.js";
import { measureOf } from "./measure.js";

/** The hosts that are ends of the rows that are kept. */
export interface HostList {
  /** Numbers of addresses in order of first appearance. */
  readonly addresses: Int32Array;
  /** The greatest number of an address, and one more. */
  readonly bound: number;
  /** By address: the bytes that it sent and got. */
  readonly bytes: Float64Array;
}

export function hostsOf(table: Conversations, kept: RowTest): HostList {
  const seen = new NumberSet();
  let addresses = new Int32Array(0);
  let size = 0;
  let bound = 0;
  const add = (address: number): void => {
    if (!seen.add(address)) return;
    addresses = withRoom(addresses, size + 1);
    addresses[size++] = address;
    if (address >= bound) bound = address + 1;
  };
  for (let row = 0; row < table.size; row++) {
    if (!kept(row)) continue;
    add(table.client[row] ?? 0);
    add(table.server[row] ?? 0);
  }
  const bytes = new Float64Array(bound);
  const bytesOf = measureOf(table.traffic, "bytes");
  for (let row = 0; row < table.size; row++) {
    if (!kept(row)) continue;
    const amount = bytesOf(row);
    for (const end of [table.client, table.server]) {
      const address = end[row] ?? 0;
      bytes[address] = (bytes[address] ?? 0) + amount;
    }
  }
  return { addresses: addresses.slice(0, size), bound, bytes };
}
