import type { Evidence } from "../evidence.js";
import type { Candidate, Rule } from "../finding.js";
import { isKnown } from "../ports.js";
import { bytesText, countText, listText } from "../sentence.js";
import { filter } from "../where.js";

/** Clients, and servers, of a port that hardly anybody uses. */
const MOST_USERS = 2;
/** Real traffic: to the Internet, from it, and inside, where home-made services are many. */
const [MIN_OUTBOUND, MIN_INBOUND, MIN_WITHIN] = [100_000, 100_000, 100_000_000];
/** With more than so much, it is worth a look even on a busy day. */
const MUCH = 10_000_000;

/** A service port that hardly anybody else uses, with real traffic, above all to the Internet. */
export const oddPort: Rule = {
  name: "odd-port",
  technique: "T1571",
  needs: [],
  find(evidence) {
    const found: Candidate[] = [];
    for (const [service, rows] of rowsOfRareServices(evidence)) {
      const port = service & 0xffff;
      const sides = new Map<number, number[]>();
      for (const row of rows) {
        const isOut = evidence.isOutbound(row);
        const least = isOut ? MIN_OUTBOUND : evidence.isInbound(row) ? MIN_INBOUND : MIN_WITHIN;
        if (evidence.bytes(row) < least) continue;
        const actor = (isOut || evidence.isWithin(row) ? evidence.client[row] : evidence.server[row]) ?? 0;
        if (!evidence.isInside(actor)) continue;
        sides.set(actor, [...(sides.get(actor) ?? []), row]);
      }
      for (const [actor, mine] of sides) found.push(candidate(evidence, actor, port, mine));
    }
    return found;
  },
  together({ hosts, ports }) {
    return {
      title: `${countText(hosts.length, "host")} used ports that hardly any other host uses: ${listText(ports.map(String))}`,
      where: filter({ host: hosts, port: ports }),
    };
  },
};

/** Answered conversations on ports that aren't known and have few clients and servers. */
function rowsOfRareServices(evidence: Evidence): Map<number, number[]> {
  const isPlausible = (row: number): boolean => {
    const port = evidence.port[row] ?? 0;
    return port !== 0 && !isKnown(port) && evidence.answered[row] === 1;
  };
  // A service of few clients and servers has few conversations: most are told by their number.
  const rows = new Uint8Array(2 * 0x10000);
  const at = (row: number): number =>
    (evidence.port[row] ?? 0) + (evidence.protocol[row] === 17 ? 0x10000 : 0);
  for (let row = 0; row < evidence.size; row++) {
    if (isPlausible(row)) rows[at(row)] = Math.min(255, (rows[at(row)] ?? 0) + 1);
  }
  const services = new Map<number, number[]>();
  for (let row = 0; row < evidence.size; row++) {
    if (!isPlausible(row) || (rows[at(row)] ?? 0) > MOST_USERS * MOST_USERS) continue;
    const service = evidence.service(row);
    const known = services.get(service);
    if (known === undefined) services.set(service, [row]);
    else known.push(row);
  }
  for (const [service, all] of services) {
    const clients = new Set(all.map((row) => evidence.client[row]));
    const servers = new Set(all.map((row) => evidence.server[row]));
    if (clients.size > MOST_USERS || servers.size > MOST_USERS) services.delete(service);
  }
  return services;
}

function candidate(evidence: Evidence, actor: number, port: number, rows: readonly number[]): Candidate {
  const isClient = evidence.client[rows[0] ?? 0] === actor;
  const targets = [
    ...new Set(rows.map((row) => (isClient ? evidence.server[row] : evidence.client[row]) ?? 0)),
  ];
  const sum = (column: Float64Array) => rows.reduce((total, row) => total + (column[row] ?? 0), 0);
  const [sent, received] = [sum(evidence.sent), sum(evidence.received)];
  const [out, back] = isClient ? [sent, received] : [received, sent];
  const isWithin = rows.every((row) => evidence.isWithin(row));
  const whose = (host: number): string =>
    `${evidence.label(host)}${evidence.isInside(host) ? "" : " on the Internet"}`;
  return {
    severity: isWithin || out + back < MUCH ? "low" : "medium",
    score: (out + back) / (isWithin ? MIN_WITHIN : MIN_OUTBOUND) / 10,
    actor,
    targets,
    ports: [port],
    rows,
    numbers: { bytesOut: out, bytesIn: back },
    title: () => {
      const doing = isClient ? "used" : "served";
      const preposition = isClient ? "of" : "to";
      return `${evidence.label(actor)} ${doing} port ${port} ${preposition} ${listText(targets.map(whose))}, a port that hardly any other host uses here: ${bytesText(out)} out, ${bytesText(back)} in`;
    },
    where: () =>
      filter({
        [isClient ? "from" : "to"]: [evidence.text(actor)],
        [isClient ? "to" : "from"]: targets.map((host) => evidence.text(host)),
        port: [port],
      }),
    key: String(port),
  };
}
