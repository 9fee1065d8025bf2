import { NONE } from "../../edges/table.js";
import type { Evidence } from "../evidence.js";
import type { Candidate, Rule } from "../finding.js";
import { groupBy } from "../group-by.js";
import { isSensitive, portText } from "../ports.js";
import { eachRun } from "../runs.js";
import { bytesText, countText, listText } from "../sentence.js";
import { median } from "../statistics.js";
import { filter } from "../where.js";

/** Ends and ports that a source tried in vain. Clients that work are rejected too, when a connection is closed. */
const MIN_IN_VAIN = 5;
/** Of all it tried: whoever finds most doors open belongs here. */
const MIN_SHARE_IN_VAIN = 0.5;
/** Services with so many clients from the Internet are offered to everybody. */
const PUBLIC_CLIENTS = 3;
/** More than a banner and a refused password. */
const SESSION_BYTES = 30_000;
/** Beyond others at the same service. */
const FACTOR = 10;
const WEB = new Set([80, 443]);

/** A source that scanned, or was rejected often, has a conversation that was let pass and answered. */
export const letIn: Rule = {
  name: "let-in",
  technique: "T1133",
  needs: [],
  find(evidence, { found }) {
    const tried = triesOf(evidence);
    const rows: number[] = [];
    for (let server = 0; server < evidence.hosts; server++) {
      if (!evidence.isInside(server)) continue;
      eachRun(
        evidence.inboundByServer.of(server),
        (row) => {
          const port = evidence.port[row] ?? 0;
          const isMeant = evidence.answered[row] === 1 && port !== 0 && !WEB.has(port);
          return isMeant ? evidence.service(row) : NONE;
        },
        (_, run, from, to) =>
          rows.push(...exceptional(evidence, run.subarray(from, to)).filter(tried.isSuspect)),
      );
    }
    for (const rule of ["port-scan", "host-sweep"]) {
      for (const scan of found.get(rule) ?? [])
        rows.push(...usedFromInside(evidence, scan).filter(tried.isSuspect));
    }
    const bySource = groupBy(new Set(rows), (row) => evidence.client[row] ?? 0);
    return [...bySource].map(([source, mine]) =>
      candidate(evidence, source, mine, tried.inVain[source] ?? 0),
    );
  },
  together({ hosts, ports }) {
    return {
      title: `${countText(hosts.length, "source")} that mostly tried in vain had answers on ${listText(ports.map(portText))}: ${listText(hosts)}`,
      where: filter({ from: hosts, port: ports }),
    };
  },
};

interface Tries {
  /** By host: how many ports of hosts it tried in vain. */
  readonly inVain: Uint32Array;
  /** Whether the client of a row tried much in vain. */
  readonly isSuspect: (row: number) => boolean;
}

function triesOf(evidence: Evidence): Tries {
  const inVain = new Uint32Array(evidence.hosts);
  for (let row = 0; row < evidence.size; row++) {
    if (evidence.inVain[row] === 0 || evidence.port[row] === 0) continue;
    const client = evidence.client[row] ?? 0;
    inVain[client] = (inVain[client] ?? 0) + 1;
  }
  return {
    inVain,
    isSuspect(row) {
      const client = evidence.client[row] ?? 0;
      const mine = inVain[client] ?? 0;
      return mine >= MIN_IN_VAIN && mine >= MIN_SHARE_IN_VAIN * evidence.byClient.sizeOf(client);
    },
  };
}

/** Of those whom a service answered: all where they are few, else those who did far more there than others. */
function exceptional(evidence: Evidence, rows: Float64Array): number[] {
  const port = evidence.port[rows[0] ?? 0] ?? 0;
  if (rows.length < PUBLIC_CLIENTS) return [...rows];
  if (!isSensitive(port)) return [];
  const usual = median(rows.map((row) => evidence.bytes(row)));
  return [...rows].filter((row) => evidence.bytes(row) >= Math.max(SESSION_BYTES, FACTOR * usual));
}

/** What a scanner from inside found, and went on to use. */
function usedFromInside(evidence: Evidence, { actor, rows }: Candidate): number[] {
  if (!evidence.isInside(actor)) return [];
  return rows.filter(
    (row) =>
      evidence.answered[row] === 1 &&
      isSensitive(evidence.port[row] ?? 0) &&
      evidence.bytes(row) >= SESSION_BYTES,
  );
}

function candidate(evidence: Evidence, source: number, mine: readonly number[], inVain: number): Candidate {
  const rows = mine.toSorted((one, other) => evidence.bytes(other) - evidence.bytes(one));
  const sum = (column: Float64Array) => rows.reduce((total, row) => total + (column[row] ?? 0), 0);
  const [sent, received] = [sum(evidence.sent), sum(evidence.received)];
  const targets = [...new Set(rows.map((row) => evidence.server[row] ?? 0))];
  const ports = [...new Set(rows.map((row) => evidence.port[row] ?? 0))];
  return {
    severity: sent + received >= SESSION_BYTES ? "high" : "medium",
    score: (inVain / MIN_IN_VAIN) * Math.max(1, (sent + received) / SESSION_BYTES),
    actor: source,
    targets,
    ports,
    rows,
    numbers: { triedInVain: inVain, bytesIn: sent, bytesOut: received },
    title: () => {
      const doors = rows.map(
        (row) => `${portText(evidence.port[row] ?? 0)} of ${evidence.label(evidence.server[row] ?? 0)}`,
      );
      return `${evidence.label(source)}, which tried ${countText(inVain, "other port")} in vain, was let in to ${listText(doors)}: ${bytesText(sent)} in, ${bytesText(received)} out`;
    },
    where: () =>
      filter({
        from: [evidence.text(source)],
        to: targets.map((target) => evidence.text(target)),
        port: ports,
      }),
  };
}
