import { clientsOfDns, isDns } from "../dns.js";
import type { Evidence } from "../evidence.js";
import type { Candidate, Rule } from "../finding.js";
import { hasMoreClients } from "../peers.js";
import { countText, listText } from "../sentence.js";
import { filter } from "../where.js";

/** Of all that ask for names: what so few ask is nobody's resolver here. */
const MAX_SHARE = 0.05;
const MOST_CLIENTS = 2;
const MAX_SHARE_ELSEWHERE = 0.2;
/** With fewer that ask, nothing is usual. */
const MIN_CLIENTS = 5;
/** Google, Cloudflare, Quad9, OpenDNS: people set them by hand. */
const PUBLIC_RESOLVERS = new Set(
  "8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9 149.112.112.112 208.67.222.222 208.67.220.220".split(" "),
);

/** DNS to a server that hardly anybody uses. Hosts that answer DNS themselves ask where they like. */
export const dnsElsewhere: Rule = {
  name: "dns-elsewhere",
  technique: "T1071.004",
  needs: [],
  find(evidence) {
    const askers = clientsOfDns(evidence);
    if (askers.length < MIN_CLIENTS) return [];
    const most = Math.max(1, Math.min(MOST_CLIENTS, MAX_SHARE * askers.length));
    const rare = new Map<number, boolean>();
    const isRare = (row: number): boolean => {
      const server = evidence.server[row] ?? 0;
      const known =
        rare.get(server) ?? !hasMoreClients(evidence, server, most, (other) => isDns(evidence, other));
      rare.set(server, known);
      return known;
    };
    const elsewhere = askers
      .map(({ client, rows }) => ({ client, rows: rows.filter(isRare) }))
      .filter(({ rows }) => rows.length > 0);
    // Where many ask here and there, nothing is elsewhere.
    if (elsewhere.length > MAX_SHARE_ELSEWHERE * askers.length) return [];
    return elsewhere.map(({ client, rows }) => candidate(evidence, client, rows));
  },
  together({ hosts }) {
    return {
      title: `${countText(hosts.length, "host")} asked DNS servers that hardly any other host asks: ${listText(hosts)}`,
      where: filter({ from: hosts, port: [53, 853] }),
    };
  },
};

function candidate(evidence: Evidence, client: number, rows: readonly number[]): Candidate {
  const servers = [...new Set(rows.map((row) => evidence.server[row] ?? 0))];
  const isOutside = servers.some(
    (server) => !evidence.isInside(server) && !PUBLIC_RESOLVERS.has(evidence.text(server)),
  );
  const isAnswered = rows.some((row) => evidence.answered[row] === 1);
  const records = rows.reduce(
    (sum, row) => sum + Math.max(evidence.accepted[row] ?? 0, evidence.rejected[row] ?? 0),
    0,
  );
  return {
    severity: isOutside && isAnswered ? "medium" : "low",
    score: 1 + Math.log10(1 + records),
    actor: client,
    targets: servers,
    ports: [...new Set(rows.map((row) => evidence.port[row] ?? 0))],
    rows,
    numbers: { servers: servers.length, records },
    title: () =>
      `${evidence.label(client)} asked ${listText(servers.map((server) => evidence.label(server)))} for names, which hardly any other host here asks${isAnswered ? "" : ", and got no answer"}`,
    where: () =>
      filter({
        from: [evidence.text(client)],
        to: servers.map((server) => evidence.text(server)),
        port: [53, 853],
      }),
    key: servers.length === 1 ? evidence.text(servers[0] ?? 0) : "",
  };
}
