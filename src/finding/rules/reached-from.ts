import type { Evidence } from "../evidence.js";
import type { Candidate, Context, Rule } from "../finding.js";
import { isSensitive, portText } from "../ports.js";
import { bytesText, countText, listText } from "../sentence.js";
import { filter } from "../where.js";

/** Rules whose actor, or of let-in whose target, may be somebody else's by now. */
const BY_ACTOR = ["port-scan", "host-sweep", "mining", "tor", "beacon"];

/**
 * An inside host that a flagged host reached, for the first time in this window after it was flagged, on a service of
 * administration or data.
 */
export const reachedFrom: Rule = {
  name: "reached-from",
  technique: "T1021",
  needs: ["times"],
  find(evidence, { found }) {
    const flagged = flaggedHosts(evidence, found);
    const candidates: Candidate[] = [];
    for (const [host, { since, why }] of flagged) {
      const rows = [...evidence.byClient.of(host)]
        .filter(
          (row) =>
            evidence.answered[row] === 1 &&
            evidence.isWithin(row) &&
            isSensitive(evidence.port[row] ?? 0) &&
            evidence.first(row) >= since,
        )
        .toSorted((one, other) => evidence.first(one) - evidence.first(other));
      if (rows.length > 0) candidates.push(candidate(evidence, host, rows, why));
    }
    return candidates;
  },
  together({ hosts }) {
    return {
      title: `${countText(hosts.length, "host")} with findings of their own reached others on services of administration or data: ${listText(hosts)}`,
      where: filter({ from: hosts, to: "inside" }),
    };
  },
};

interface Flag {
  readonly since: number;
  /** What it is flagged for, as the end of a sentence that begins with the host. */
  readonly why: string;
}

function flaggedHosts(evidence: Evidence, found: Context["found"]): Map<number, Flag> {
  const flagged = new Map<number, Flag>();
  const flag = (host: number | undefined, rows: readonly number[], why: string): void => {
    if (host === undefined || !evidence.isInside(host)) return;
    const since = rows.reduce((time, row) => Math.min(time, evidence.first(row)), Number.POSITIVE_INFINITY);
    if (since < (flagged.get(host)?.since ?? Number.POSITIVE_INFINITY)) flagged.set(host, { since, why });
  };
  for (const { severity, actor, targets, rows } of found.get("let-in") ?? []) {
    if (severity === "high") flag(targets[0], rows, `which had let in ${evidence.label(actor)}`);
  }
  for (const rule of BY_ACTOR) {
    for (const { severity, actor, rows } of found.get(rule) ?? []) {
      if (severity === "high") flag(actor, rows, `flagged for ${rule}`);
    }
  }
  return flagged;
}

function candidate(evidence: Evidence, host: number, rows: readonly number[], why: string): Candidate {
  const targets = [...new Set(rows.map((row) => evidence.server[row] ?? 0))];
  const ports = [...new Set(rows.map((row) => evidence.port[row] ?? 0))];
  const bytes = rows.reduce((sum, row) => sum + evidence.bytes(row), 0);
  return {
    severity: "high",
    score: 2 + targets.length,
    actor: host,
    targets,
    ports,
    rows,
    numbers: { hosts: targets.length, bytes },
    title: () => {
      const reached = rows.map(
        (row) => `${evidence.label(evidence.server[row] ?? 0)} on ${portText(evidence.port[row] ?? 0)}`,
      );
      return `${evidence.label(host)}, ${why}, went on to ${listText(reached)}: ${bytesText(bytes)} both ways`;
    },
    where: () =>
      filter({
        from: [evidence.text(host)],
        to: targets.map((target) => evidence.text(target)),
        port: ports,
      }),
  };
}
