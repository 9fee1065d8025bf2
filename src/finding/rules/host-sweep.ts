import { NONE } from "../../edges/table.js";
import type { Evidence } from "../evidence.js";
import type { Candidate, Rule } from "../finding.js";
import { isSensitive, portText } from "../ports.js";
import { countText, listText } from "../sentence.js";
import { eachRun } from "../runs.js";
import { filter } from "../where.js";

/** Ten hosts that don't answer on one port: more than a list of servers goes out of date by. */
const MIN_HOSTS = 10;
const MIN_SHARE_IN_VAIN = 0.6;
/** From the Internet, where every public address is knocked at all day. */
const REMARKABLE_HOSTS = 100;
const [ICMP, ICMP6] = [1, 58];

/** One source tries one port, or ICMP, of many hosts, mostly in vain. */
export const hostSweep: Rule = {
  name: "host-sweep",
  technique: "T1018",
  needs: [],
  find(evidence) {
    const found: Candidate[] = [];
    for (let client = 0; client < evidence.hosts; client++) {
      if ((evidence.triedInVain[client] ?? 0) < MIN_HOSTS) continue;
      const sweep = sweepOf(evidence, client);
      if (sweep !== undefined) found.push(sweep);
    }
    return found;
  },
  together({ hosts, ports }) {
    return {
      title: `${countText(hosts.length, "source")} tried the same ports of many hosts, mostly in vain: ${listText(hosts)}`,
      where: filter({ from: hosts, port: ports }),
    };
  },
};

function sweepOf(evidence: Evidence, client: number): Candidate | undefined {
  const rows: number[] = [];
  const services: number[] = [];
  let most = 0;
  const isMeant = (row: number): boolean => {
    const protocol = evidence.protocol[row];
    // Of ICMP nobody knows who began, once both have sent.
    if (protocol === ICMP || protocol === ICMP6) return evidence.inVain[row] === 1;
    return evidence.port[row] !== 0;
  };
  eachRun(
    evidence.byClient.of(client),
    (row) => (isMeant(row) ? evidence.service(row) : NONE),
    (service, run, from, to) => {
      let inVain = 0;
      for (let at = from; at < to; at++) inVain += evidence.inVain[run[at] ?? 0] ?? 0;
      if (inVain < MIN_HOSTS || inVain < MIN_SHARE_IN_VAIN * (to - from)) return;
      for (let at = from; at < to; at++) rows.push(run[at] ?? 0);
      services.push(service);
      most = Math.max(most, inVain);
    },
  );
  if (rows.length === 0) return undefined;
  const ports = services.map((service) => service & 0xffff).filter((port) => port > 0);
  const answered = rows.filter((row) => evidence.answered[row] === 1);
  const open = answered.map((row) => evidence.server[row] ?? 0);
  const hosts = new Set(rows.map((row) => evidence.server[row] ?? 0));
  const isOurs = evidence.isInside(client);
  const isAfterAdministration = ports.some(isSensitive);
  const text = evidence.text(client);
  return {
    severity: isOurs
      ? isAfterAdministration
        ? "high"
        : "medium"
      : most >= REMARKABLE_HOSTS
        ? "medium"
        : "low",
    score: most / MIN_HOSTS,
    actor: client,
    targets: [...new Set([...open, ...hosts])],
    ports,
    rows,
    numbers: { hosts: hosts.size, ports: ports.length, tried: rows.length, answered: answered.length },
    title: () => {
      const what = ports.length === 0 ? "ICMP" : listText(ports.map(portText));
      const answers =
        open.length === 0
          ? "none answered"
          : `${open.length} answered: ${listText([...new Set(open)].map((host) => evidence.text(host)))}`;
      return `${evidence.label(client)} tried ${what} of ${countText(hosts.size, "host")}; ${answers}`;
    },
    where: () =>
      ports.length === 0 ? filter({ host: [text], protocol: "icmp" }) : filter({ from: [text], port: ports }),
    key: services.toSorted((one, other) => one - other).join(),
  };
}
