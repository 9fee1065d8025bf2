import type { Evidence } from "./evidence.js";
import type { Candidate, Severity } from "./finding.js";
import { bytesText } from "./sentence.js";
import { filter } from "./where.js";

/** What is said of an inside host that uses a port of the Internet which is known for something. */
export function toInternetPort(
  evidence: Evidence,
  { host, port, rows }: { readonly host: number; readonly port: number; readonly rows: readonly number[] },
  { severity, known }: { readonly severity: Severity; readonly known: string },
): Candidate {
  const ends = [...new Set(rows.map((row) => evidence.server[row] ?? 0))];
  const bytes = rows.reduce((sum, row) => sum + evidence.bytes(row), 0);
  return {
    severity,
    score: 1 + Math.log10(1 + bytes / 1000),
    actor: host,
    targets: ends,
    ports: [port],
    rows,
    numbers: { bytes, ends: ends.length },
    title: () =>
      `${evidence.label(host)} talked to ${evidence.labelOf(ends)} on the Internet on port ${port}, ${known}: ${bytesText(bytes)} both ways`,
    where: () =>
      filter({ from: [evidence.text(host)], to: ends.map((end) => evidence.text(end)), port: [port] }),
    key: String(port),
  };
}
