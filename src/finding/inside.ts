import { NONE, textOf } from "../edges/table.js";
import type { Conversations } from "../view/conversations.js";
import { isPrivate } from "../view/internet.js";

/** Hosts of a window: numbered from 0, and the ends of each conversation by these numbers. */
export interface Ends {
  /** By host: its number in `names.addresses`. */
  readonly address: Int32Array;
  readonly client: Int32Array;
  readonly server: Int32Array;
}

/**
 * By host: 1 where it is the company's own.
 *
 * @param named whether it is, where a name says so; undefined where none does
 */
export function insideOf(
  table: Conversations,
  ends: Ends,
  named: ((address: string) => boolean | undefined) | undefined,
): Uint8Array {
  const { values, loggers, names } = table;
  const own = new Set(loggers.addresses);
  const inside = new Uint8Array(ends.address.length);
  for (const [host, address] of ends.address.entries()) {
    const isOurs =
      named?.(textOf(names.addresses, address)) ?? (isPrivate(values, address) || own.has(address));
    inside[host] = isOurs ? 1 : 0;
  }
  addSecondAddresses(inside, table, ends);
  return inside;
}

/**
 * An interface with addresses of both IP versions has no single one of its own. One of the ends is, of a row between two
 * that look like the Internet's: the one that all such rows of the interface have in common.
 */
function addSecondAddresses(inside: Uint8Array, table: Conversations, { client, server }: Ends): void {
  const { size, loggers, loggedFrom, loggedBy } = table;
  const ones = new Int32Array(loggers.size).fill(NONE);
  const others = new Int32Array(loggers.size).fill(NONE);
  const seen = new Uint8Array(loggers.size);
  for (let row = 0; row < size; row++) {
    const from = client[row] ?? 0;
    const to = server[row] ?? 0;
    if (inside[from] === 1 || inside[to] === 1) continue;
    for (let at = loggedFrom[row] ?? 0; at < (loggedFrom[row + 1] ?? 0); at++) {
      const logger = loggedBy[at] ?? 0;
      if (seen[logger] === 0) {
        ones[logger] = from;
        others[logger] = to;
        seen[logger] = 1;
        continue;
      }
      if (ones[logger] !== from && ones[logger] !== to) ones[logger] = NONE;
      if (others[logger] !== from && others[logger] !== to) others[logger] = NONE;
    }
  }
  for (let logger = 0; logger < loggers.size; logger++) {
    const one = ones[logger] ?? NONE;
    const other = others[logger] ?? NONE;
    if ((one === NONE) !== (other === NONE)) inside[Math.max(one, other)] = 1;
  }
}
