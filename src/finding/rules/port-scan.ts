import { NONE } from "../../edges/table.js";
import type { Evidence } from "../evidence.js";
import type { Candidate, Rule } from "../finding.js";
import { portText } from "../ports.js";
import { countText, listText } from "../sentence.js";
import { eachRun } from "../runs.js";
import { filter } from "../where.js";

/** Clients that work use a few ports of a server, and get answers. Ten that don't answer are no misconfiguration. */
const MIN_PORTS = 10;
/** A monitor tries many ports too, most of them not in vain. */
const MIN_SHARE_IN_VAIN = 0.6;
/** From the Internet, where scanners of a few dozen favourite ports come by all day. */
const REMARKABLE_PORTS = 40;
/** From inside, where nobody scans by chance. */
const REMARKABLE_INSIDE = 20;

/** One source tries many ports of a host, mostly in vain: rejected, refused by a RST, or never answered. */
export const portScan: Rule = {
  name: "port-scan",
  technique: "T1046",
  needs: [],
  find(evidence) {
    const found: Candidate[] = [];
    for (let client = 0; client < evidence.hosts; client++) {
      if ((evidence.triedInVain[client] ?? 0) < MIN_PORTS) continue;
      const scan = scanOf(evidence, client);
      if (scan !== undefined) found.push(scan);
    }
    return found;
  },
  together({ hosts, ends }) {
    return {
      title: `${countText(hosts.length, "source")} tried many ports of ${countText(ends.length, "host")}, mostly in vain: ${listText(hosts)}`,
      where: filter({ from: hosts }),
    };
  },
};

function scanOf(evidence: Evidence, client: number): Candidate | undefined {
  const rows: number[] = [];
  const scanned: [number, number][] = [];
  eachRun(
    evidence.byClient.of(client),
    (row) => {
      const server = evidence.server[row] ?? 0;
      return evidence.port[row] === 0 || server === client ? NONE : server;
    },
    (server, run, from, to) => {
      let inVain = 0;
      for (let at = from; at < to; at++) inVain += evidence.inVain[run[at] ?? 0] ?? 0;
      if (inVain < MIN_PORTS || inVain < MIN_SHARE_IN_VAIN * (to - from)) return;
      for (let at = from; at < to; at++) rows.push(run[at] ?? 0);
      scanned.push([inVain, server]);
    },
  );
  if (scanned.length === 0) return undefined;
  scanned.sort(([one], [other]) => other - one);
  const targets = scanned.map(([, server]) => server);
  const most = scanned[0]?.[0] ?? 0;
  const answered = rows.filter((row) => evidence.answered[row] === 1);
  const ports = new Set(rows.map((row) => evidence.port[row] ?? 0));
  const isInside = evidence.isInside(client);
  const isRemarkable = most >= (isInside ? REMARKABLE_INSIDE : REMARKABLE_PORTS);
  const text = evidence.text(client);
  return {
    severity: isInside ? (isRemarkable ? "high" : "medium") : isRemarkable ? "medium" : "low",
    score: most / MIN_PORTS,
    actor: client,
    targets,
    ports: [...new Set(answered.map((row) => evidence.port[row] ?? 0))],
    rows,
    numbers: {
      ports: ports.size,
      hosts: targets.length,
      tried: rows.length,
      answered: answered.length,
      attempts: rows.reduce((sum, row) => sum + attempts(evidence, row), 0),
    },
    title: () => {
      const open = answered.map(
        (row) => `${evidence.text(evidence.server[row] ?? 0)} on ${portText(evidence.port[row] ?? 0)}`,
      );
      const result = open.length === 0 ? "none answered" : `answered: ${listText(open, 4)}`;
      return `${evidence.label(client)} tried ${countText(ports.size, "port")} of ${evidence.labelOf(targets)}; ${result}`;
    },
    where: () => filter({ from: [text], to: targets.map((host) => evidence.text(host)) }),
  };
}

/** Let pass or rejected, whichever saw more: two interfaces may say both of one attempt. */
function attempts(evidence: Evidence, row: number): number {
  return Math.max(evidence.accepted[row] ?? 0, evidence.rejected[row] ?? 0);
}
