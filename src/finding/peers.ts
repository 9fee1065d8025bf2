import type { Evidence } from "./evidence.js";

/** Whether more than so many clients of a host satisfy a condition. Looks no further than it must. */
export function hasMoreClients(
  evidence: Evidence,
  server: number,
  most: number,
  isMeant: (row: number) => boolean = () => true,
): boolean {
  const clients = new Set<number>();
  for (const row of evidence.byServer.of(server)) {
    if (!isMeant(row)) continue;
    clients.add(evidence.client[row] ?? 0);
    if (clients.size > most) return true;
  }
  return false;
}
