import { NONE, SERVER_RULES } from "../../edges/table.js";
import type { Evidence } from "../evidence.js";
import type { Candidate, Rule } from "../finding.js";
import { isSensitive, portText } from "../ports.js";
import { bytesText, countText, listText } from "../sentence.js";
import { eachRun } from "../runs.js";
import { filter } from "../where.js";

/** From it on, systems take ports for clients: which end serves there may be a guess. */
const EPHEMERAL = 32_768;
const GUESSED = SERVER_RULES.indexOf("lower");

/** A host that was there before began to serve a port that its neighbours hadn't served either. */
export const newService: Rule = {
  name: "new-service",
  technique: "T1543",
  needs: [],
  find(evidence, { before }) {
    if (before === undefined) return [];
    const found: Candidate[] = [];
    for (let server = 0; server < evidence.hosts; server++) {
      if (!evidence.isInside(server) || !before.isKnownHost(server)) continue;
      eachRun(
        evidence.byServer.of(server),
        (row) => (isPlausible(evidence, row) && before.isNewService(row) ? evidence.service(row) : NONE),
        (_, run, from, to) => found.push(candidate(evidence, server, [...run.subarray(from, to)])),
      );
    }
    return found;
  },
  together({ hosts, ports }) {
    return {
      title: `${countText(hosts.length, "host")} began to serve ports that they had not served: ${listText(ports.map(portText))}`,
      where: filter({ to: hosts, port: ports }),
    };
  },
};

function isPlausible(evidence: Evidence, row: number): boolean {
  const port = evidence.port[row] ?? 0;
  if (port === 0 || evidence.answered[row] === 0) return false;
  return port < EPHEMERAL || evidence.conversations.serverBy[row] !== GUESSED;
}

function candidate(evidence: Evidence, server: number, run: readonly number[]): Candidate {
  const rows = run.toSorted((one, other) => evidence.bytes(other) - evidence.bytes(one));
  const port = evidence.port[rows[0] ?? 0] ?? 0;
  const clients = [...new Set(rows.map((row) => evidence.client[row] ?? 0))];
  const bytes = rows.reduce((sum, row) => sum + evidence.bytes(row), 0);
  const isFromInternet = clients.some((client) => !evidence.isInside(client));
  return {
    severity: isFromInternet || isSensitive(port) ? "medium" : "low",
    score: 1 + Math.log10(1 + bytes / 1000) + (isFromInternet ? 1 : 0),
    actor: server,
    targets: clients,
    ports: [port],
    rows,
    numbers: { clients: clients.length, bytes },
    title: () =>
      `${evidence.label(server)} served ${portText(port)} to ${evidence.labelOf(clients, "client")}, which neither it nor its neighbours had served before: ${bytesText(bytes)} both ways`,
    where: () => filter({ to: [evidence.text(server)], port: [port] }),
    key: String(port),
  };
}
