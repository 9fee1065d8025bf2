import { weightsOf } from "./measure.js";
import type { Conversations } from "./conversations.js";

/** The hosts that are ends of the rows that are kept. */
export interface HostList {
  /** Numbers of addresses in order of first appearance. */
  readonly addresses: Int32Array;
  /** The greatest number of an address, and one more. */
  readonly bound: number;
  /** By address: the bytes that it sent and got. */
  readonly bytes: Float64Array;
}

/** @param kept 1 for each row that isn't filtered out */
export function hostsOf(table: Conversations, kept: Uint8Array): HostList {
  const { client, server, size } = table;
  let bound = 0;
  for (let row = 0; row < size; row++) {
    if (kept[row] === 1) bound = Math.max(bound, (client[row] ?? 0) + 1, (server[row] ?? 0) + 1);
  }
  const weights = weightsOf(table.traffic, "bytes");
  const bytes = new Float64Array(bound);
  const isSeen = new Uint8Array(bound);
  const addresses: number[] = [];
  for (let row = 0; row < size; row++) {
    if (kept[row] !== 1) continue;
    const from = client[row] ?? 0;
    const to = server[row] ?? 0;
    const weight = weights[row] ?? 0;
    bytes[from] = (bytes[from] ?? 0) + weight;
    bytes[to] = (bytes[to] ?? 0) + weight;
    if (isSeen[from] === 0) addresses.push(from);
    isSeen[from] = 1;
    if (isSeen[to] === 0) addresses.push(to);
    isSeen[to] = 1;
  }
  return { addresses: Int32Array.from(addresses), bound, bytes };
}
