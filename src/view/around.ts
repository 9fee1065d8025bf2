import { addressTest, type EndTest } from "./ends.js";
import type { Conversations } from "./conversations.js";
import type { RowTest } from "./filter.js";
import type { Hosts } from "./hosts.js";
import { NumberSet } from "../edges/number-set.js";

export type Hops = 1 | 2;

/**
 * What is around hosts: with one hop, the rows that one of them is an end of; with two, those of their counterparts too.
 *
 * @param kept the rows that are looked at
 */
export function around(
  center: readonly EndTest[],
  hops: Hops,
  table: Conversations,
  hosts: Hosts,
  kept: RowTest,
): RowTest {
  const { client, server } = table;
  const isCenter = addressTest(center, table.values, hosts);
  const isNear: RowTest = (row) => isCenter(client[row] ?? 0) || isCenter(server[row] ?? 0);
  if (hops === 1) return (row) => kept(row) && isNear(row);
  const near = new NumberSet();
  for (let row = 0; row < table.size; row++) {
    if (!isNear(row) || !kept(row)) continue;
    near.add(client[row] ?? 0);
    near.add(server[row] ?? 0);
  }
  return (row) => kept(row) && (near.has(client[row] ?? 0) || near.has(server[row] ?? 0));
}
