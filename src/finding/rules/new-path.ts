import type { Evidence } from "../evidence.js";
import type { Candidate, Rule } from "../finding.js";
import { isSensitive, portText } from "../ports.js";
import { bytesText, countText, listText } from "../sentence.js";
import { filter } from "../where.js";

/**
 * A host that was there before used a service of administration or data inside that neither it nor its neighbours had used there:
 * these usually do the same work, and take turns.
 */
export const newPath: Rule = {
  name: "new-path",
  technique: "T1021",
  needs: [],
  find(evidence, { before }) {
    if (before === undefined) return [];
    const found: Candidate[] = [];
    for (let client = 0; client < evidence.hosts; client++) {
      if (!evidence.isInside(client) || !before.isKnownHost(client)) continue;
      const rows = [...evidence.byClient.of(client)]
        .filter(
          (row) =>
            evidence.answered[row] === 1 &&
            isSensitive(evidence.port[row] ?? 0) &&
            evidence.isWithin(row) &&
            before.isNewPath(row),
        )
        .toSorted((one, other) => evidence.bytes(other) - evidence.bytes(one));
      if (rows.length > 0) found.push(candidate(evidence, client, rows));
    }
    return found;
  },
  together({ hosts, ports }) {
    return {
      title: `${countText(hosts.length, "inside host")} used services that they had not used before: ${listText(ports.map(portText))}`,
      where: filter({ from: hosts, to: "inside", port: ports }),
    };
  },
};

function candidate(evidence: Evidence, client: number, rows: readonly number[]): Candidate {
  const servers = [...new Set(rows.map((row) => evidence.server[row] ?? 0))];
  const ports = [...new Set(rows.map((row) => evidence.port[row] ?? 0))];
  const bytes = rows.reduce((sum, row) => sum + evidence.bytes(row), 0);
  return {
    severity: "medium",
    score: 1 + Math.log10(1 + bytes / 1000),
    actor: client,
    targets: servers,
    ports,
    rows,
    numbers: { hosts: servers.length, bytes },
    title: () => {
      const used = rows.map(
        (row) => `${portText(evidence.port[row] ?? 0)} of ${evidence.label(evidence.server[row] ?? 0)}`,
      );
      return `${evidence.label(client)} used ${listText(used)}, where neither it nor its neighbours had used them before: ${bytesText(bytes)} both ways`;
    },
    where: () =>
      filter({
        from: [evidence.text(client)],
        to: servers.map((server) => evidence.text(server)),
        port: ports,
      }),
    key: ports.toSorted((one, other) => one - other).join(),
  };
}
