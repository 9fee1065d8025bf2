import { NONE } from "../../edges/table.js";
import type { Evidence } from "../evidence.js";
import type { Candidate, Rule } from "../finding.js";
import { isLoud, isSensitive, portText } from "../ports.js";
import { bytesText, countText, listText } from "../sentence.js";
import { eachRun } from "../runs.js";
import { filter } from "../where.js";

/** A service of administration or data is answered to the Internet. */
export const exposedService: Rule = {
  name: "exposed-service",
  technique: "T1190",
  needs: [],
  find(evidence) {
    const found: Candidate[] = [];
    for (let server = 0; server < evidence.hosts; server++) {
      if (!evidence.isInside(server)) continue;
      eachRun(
        evidence.inboundByServer.of(server),
        (row) => {
          const port = evidence.port[row] ?? 0;
          return evidence.answered[row] === 1 && isSensitive(port) ? port : NONE;
        },
        (port, run, from, to) => found.push(candidate(evidence, server, port, [...run.subarray(from, to)])),
      );
    }
    return found;
  },
  together({ hosts, ports }) {
    return {
      title: `${countText(hosts.length, "host")} answered the Internet on ${listText(ports.map(portText))}: ${listText(hosts)}`,
      where: filter({ from: "internet", to: hosts, port: ports }),
    };
  },
};

function candidate(evidence: Evidence, server: number, port: number, run: readonly number[]): Candidate {
  const rows = run.toSorted((one, other) => evidence.bytes(other) - evidence.bytes(one));
  const clients = rows.map((row) => evidence.client[row] ?? 0);
  const bytes = rows.reduce((sum, row) => sum + evidence.bytes(row), 0);
  return {
    severity: isLoud(port) ? "high" : "medium",
    score: 1 + Math.log10(1 + clients.length) + Math.log10(1 + bytes / 1000),
    actor: server,
    targets: clients,
    ports: [port],
    rows,
    numbers: { clients: clients.length, bytes },
    title: () =>
      `${evidence.label(server)} answered ${evidence.labelOf(clients)} on the Internet on ${portText(port)}: ${bytesText(bytes)} both ways`,
    where: () => filter({ from: "internet", to: [evidence.text(server)], port: [port] }),
    key: String(port),
  };
}
