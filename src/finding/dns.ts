import type { Evidence } from "./evidence.js";

const DNS = 53;
const DNS_OVER_TLS = 853;

interface Asker {
  readonly client: number;
  readonly rows: readonly number[];
}

export function isDns(evidence: Evidence, row: number): boolean {
  const port = evidence.port[row];
  return port === DNS || port === DNS_OVER_TLS;
}

/** The inside hosts that ask for names, without those that answer others: resolvers ask more, and elsewhere. */
export function clientsOfDns(evidence: Evidence): Asker[] {
  const serves = new Uint8Array(evidence.hosts);
  const asked = new Map<number, number[]>();
  for (let row = 0; row < evidence.size; row++) {
    if (!isDns(evidence, row)) continue;
    const client = evidence.client[row] ?? 0;
    if (!evidence.isInside(client)) continue;
    const server = evidence.server[row] ?? 0;
    if (evidence.answered[row] === 1 && evidence.isInside(server)) serves[server] = 1;
    const rows = asked.get(client);
    if (rows === undefined) asked.set(client, [row]);
    else rows.push(row);
  }
  return [...asked]
    .filter(([client]) => serves[client] === 0)
    .map(([client, rows]): Asker => ({ client, rows }));
}
