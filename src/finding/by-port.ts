import type { Evidence } from "./evidence.js";

/** Answered rows that satisfy a condition, by their inside end and port: what rules about ports report at once. */
export function answeredByHostAndPort(
  evidence: Evidence,
  isMeant: (row: number, port: number) => boolean,
): { readonly host: number; readonly port: number; readonly rows: readonly number[] }[] {
  const found = new Map<string, { host: number; port: number; rows: number[] }>();
  for (let row = 0; row < evidence.size; row++) {
    const port = evidence.port[row] ?? 0;
    if (port === 0 || evidence.answered[row] === 0 || !isMeant(row, port)) continue;
    const host = (evidence.isInbound(row) ? evidence.server[row] : evidence.client[row]) ?? 0;
    const key = `${host} ${port}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { host, port, rows: [row] });
    else known.rows.push(row);
  }
  return [...found.values()];
}
