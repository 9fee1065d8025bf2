import type { Evidence } from "../evidence.js";
import type { Candidate, Rule } from "../finding.js";
import { groupBy } from "../group-by.js";
import { portText } from "../ports.js";
import { countText, listText } from "../sentence.js";
import { filter } from "../where.js";

/** Different ends and ports, or attempts: more than a wrong setting or a server that is gone. */
const MIN_ROWS = 10;
const MIN_ATTEMPTS = 100;
/** Of the host's attempts, and times what the window's inside hosts have. */
const MIN_SHARE = 0.1;
const FACTOR = 3;

/** An inside host whose attempts are rejected in number. */
export const blockedInside: Rule = {
  name: "blocked-inside",
  technique: "T1046",
  needs: [],
  find(evidence) {
    const hosts: { host: number; rows: number[]; rejected: number; attempts: number }[] = [];
    let allRejected = 0;
    let allAttempts = 0;
    const attemptsOf = attemptsByClient(evidence);
    const rowsOf = groupBy(rejectedRows(evidence), (row) => evidence.client[row] ?? 0);
    for (let host = 0; host < evidence.hosts; host++) {
      if (!evidence.isInside(host)) continue;
      const rows = rowsOf.get(host) ?? [];
      const rejected = rows.reduce((sum, row) => sum + (evidence.rejected[row] ?? 0), 0);
      const attempts = attemptsOf[host] ?? 0;
      allRejected += rejected;
      allAttempts += attempts;
      if (rows.length >= MIN_ROWS || rejected >= MIN_ATTEMPTS) hosts.push({ host, rows, rejected, attempts });
    }
    return hosts
      .filter(({ rejected, attempts }) => {
        const others = (allRejected - rejected) / Math.max(1, allAttempts - attempts);
        return rejected / attempts >= Math.max(MIN_SHARE, FACTOR * others);
      })
      .map((blocked) => candidate(evidence, blocked));
  },
  together({ hosts }) {
    return {
      title: `${countText(hosts.length, "inside host")} had many attempts rejected: ${listText(hosts)}`,
      where: filter({ from: hosts, is: "rejected" }),
    };
  },
};

function attemptsByClient({ client, accepted, rejected, size, hosts }: Evidence): Float64Array {
  const attempts = new Float64Array(hosts);
  for (let row = 0; row < size; row++) {
    const host = client[row] ?? 0;
    // One interface may let out what the other one refuses.
    attempts[host] = (attempts[host] ?? 0) + Math.max(accepted[row] ?? 0, rejected[row] ?? 0);
  }
  return attempts;
}

function rejectedRows({ rejected, answered, size }: Evidence): number[] {
  const rows: number[] = [];
  for (let row = 0; row < size; row++) if (rejected[row] !== 0 && answered[row] === 0) rows.push(row);
  return rows;
}

function candidate(
  evidence: Evidence,
  {
    host,
    rows,
    rejected,
    attempts,
  }: { host: number; rows: readonly number[]; rejected: number; attempts: number },
): Candidate {
  const byAttempts = [...rows].toSorted(
    (one, other) => (evidence.rejected[other] ?? 0) - (evidence.rejected[one] ?? 0),
  );
  const targets = [...new Set(byAttempts.map((row) => evidence.server[row] ?? 0))];
  const ports = [...new Set(byAttempts.map((row) => evidence.port[row] ?? 0))].filter((port) => port > 0);
  return {
    severity: rows.length >= MIN_ROWS ? "medium" : "low",
    score: Math.max(rows.length / MIN_ROWS, rejected / MIN_ATTEMPTS),
    actor: host,
    targets,
    ports,
    rows,
    numbers: { rejected, attempts, hosts: targets.length, ports: ports.length },
    title: () => {
      const what = ports.length === 0 ? "ICMP" : listText(ports.map(portText));
      return `${evidence.label(host)} was rejected in ${countText(rejected, "attempt")} at ${countText(targets.length, "host")} (${what})`;
    },
    where: () => filter({ from: [evidence.text(host)], is: "rejected" }),
  };
}
