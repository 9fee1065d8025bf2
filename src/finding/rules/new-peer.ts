import type { Evidence } from "../evidence.js";
import type { Candidate, Rule } from "../finding.js";
import { bytesText, countText, listText } from "../sentence.js";
import { filter } from "../where.js";

/** Less is a look-up. */
const MIN_BYTES = 10_000;
/** What people browse is new every day: of hosts with so many ends, only new ports are told. */
const MANY_ENDS = 15;
const MUCH = 1_000_000;

/** An inside host has answers from an Internet network, or name, that nobody inside had before. */
export const newPeer: Rule = {
  name: "new-peer",
  technique: "T1071",
  needs: [],
  find(evidence, { before }) {
    if (before === undefined) return [];
    const found: Candidate[] = [];
    for (let host = 0; host < evidence.hosts; host++) {
      if (!evidence.isInside(host) || !before.isKnownHost(host)) continue;
      const outbound = evidence.byClient
        .of(host)
        .filter((row) => evidence.answered[row] === 1 && evidence.isOutbound(row));
      if (outbound.length === 0) continue;
      const isBrowsing = outbound.length >= MANY_ENDS;
      const rows = [...outbound]
        .filter(
          (row) =>
            evidence.bytes(row) >= MIN_BYTES &&
            before.isNewNetwork(evidence.server[row] ?? 0) &&
            (!isBrowsing || before.isNewUse(row)),
        )
        .toSorted((one, other) => evidence.bytes(other) - evidence.bytes(one));
      if (rows.length > 0) found.push(candidate(evidence, host, rows));
    }
    return found;
  },
  together({ hosts, ends }) {
    return {
      title: `${countText(hosts.length, "host")} had answers from Internet networks that are new: ${listText(ends)}`,
      where: filter({ from: hosts, to: ends }),
    };
  },
};

function candidate(evidence: Evidence, host: number, rows: readonly number[]): Candidate {
  const ends = [...new Set(rows.map((row) => evidence.server[row] ?? 0))];
  const sum = (column: Float64Array) => rows.reduce((total, row) => total + (column[row] ?? 0), 0);
  const [out, back] = [sum(evidence.sent), sum(evidence.received)];
  return {
    severity: out + back >= MUCH ? "medium" : "low",
    score: 1 + Math.log10((out + back) / MIN_BYTES),
    actor: host,
    targets: ends,
    ports: [...new Set(rows.map((row) => evidence.port[row] ?? 0))].filter((port) => port > 0),
    rows,
    numbers: { ends: ends.length, bytesOut: out, bytesIn: back },
    title: () =>
      `${evidence.label(host)} talked to ${listText(ends.map((end) => evidence.label(end)))} on the Internet, in networks new to this one's hosts: ${bytesText(out)} out, ${bytesText(back)} in`,
    where: () => filter({ from: [evidence.text(host)], to: ends.map((end) => evidence.text(end)) }),
  };
}
