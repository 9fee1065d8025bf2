import type { Evidence } from "../evidence.js";
import type { Candidate, Rule } from "../finding.js";
import { hasMoreClients } from "../peers.js";
import { portText } from "../ports.js";
import { bytesText, countText, durationText, listText } from "../sentence.js";
import { filter } from "../where.js";

/** The parts of a window in which activity is known. */
const PARTS = 60;
const MIN_PARTS = 8;
/** From its first contact to its last: of the window. */
const MIN_SPAN = 0.5;
/** What an order, an answer or a sign of life takes. */
const MAX_BYTES_PER_RECORD = 10_000;
/** Standard deviation of the pauses, by their mean. Of contacts at random it is near 1. */
const MAX_VARIATION = 0.4;
/** Records in each part, where no part is without. Of as many at random, some parts would have none. */
const MAX_STEADY_RECORDS = 2.5;
/** What more hosts than so talk to is a service that the company uses. */
const MOST_CLIENTS = 2;
/** Regular by their nature: DNS, NTP, DNS over TLS. */
const REGULAR_PORTS = new Set([0, 53, 123, 853]);

/** Small, regular contacts to an Internet end over the window. */
export const beacon: Rule = {
  name: "beacon",
  technique: "T1071",
  needs: ["activity", "flows"],
  find(evidence) {
    const found: Candidate[] = [];
    const { active } = evidence.conversations;
    if (active === undefined) return found;
    for (let row = 0; row < evidence.size; row++) {
      if (evidence.answered[row] === 0 || !evidence.isOutbound(row)) continue;
      if (REGULAR_PORTS.has(evidence.port[row] ?? 0)) continue;
      const records = evidence.accepted[row] ?? 0;
      if (records < MIN_PARTS || evidence.bytes(row) > MAX_BYTES_PER_RECORD * records) continue;
      const parts = partsOf(active[2 * row] ?? 0, active[2 * row + 1] ?? 0);
      const rhythm = rhythmOf(parts, records);
      if (rhythm === undefined) continue;
      const server = evidence.server[row] ?? 0;
      if (hasMoreClients(evidence, server, MOST_CLIENTS)) continue;
      found.push(candidate(evidence, row, rhythm, hasMoreClients(evidence, server, 1) ? 2 : 1));
    }
    return found;
  },
  together({ hosts, ends }) {
    return {
      title: `${countText(hosts.length, "host")} had small, regular contacts to ${listText(ends)} on the Internet: ${listText(hosts)}`,
      where: filter({ from: hosts, to: ends }),
    };
  },
};

interface Rhythm {
  /** In parts of the window. */
  readonly pause: number;
  readonly variation: number;
  readonly contacts: number;
}

function partsOf(low: number, high: number): number[] {
  const parts: number[] = [];
  for (let part = 0; part < PARTS; part++) {
    const word = part < 32 ? low : high;
    if (((word >>> (part & 31)) & 1) === 1) parts.push(part);
  }
  return parts;
}

function rhythmOf(parts: readonly number[], records: number): Rhythm | undefined {
  const [first = 0, last = 0] = [parts[0], parts.at(-1)];
  if (parts.length < MIN_PARTS || last - first < MIN_SPAN * PARTS) return undefined;
  const pauses = parts.slice(1).map((part, at) => part - (parts[at] ?? 0));
  const mean = (last - first) / pauses.length;
  const variance = pauses.reduce((sum, pause) => sum + (pause - mean) ** 2, 0) / pauses.length;
  const variation = Math.sqrt(variance) / mean;
  const perPart = records / parts.length;
  // Where parts are hardly ever empty, pauses tell nothing.
  const isRegular = mean < 1.3 ? perPart <= MAX_STEADY_RECORDS && mean < 1.1 : variation <= MAX_VARIATION;
  if (!isRegular) return undefined;
  // A contact may leave two records, one on each side of a minute.
  return { pause: mean / Math.max(1, Math.round(perPart / 1.5)), variation, contacts: records };
}

function candidate(evidence: Evidence, row: number, rhythm: Rhythm, clients: number): Candidate {
  const [client, server] = [evidence.client[row] ?? 0, evidence.server[row] ?? 0];
  const port = evidence.port[row] ?? 0;
  const pause = (rhythm.pause * evidence.seconds) / PARTS;
  const bytes = evidence.bytes(row);
  return {
    severity: clients === 1 ? "medium" : "low",
    score: Math.min(4, rhythm.contacts / MIN_PARTS) * Math.sqrt(MAX_VARIATION / (rhythm.variation + 0.05)),
    actor: client,
    targets: [server],
    ports: [port],
    rows: [row],
    numbers: { contacts: rhythm.contacts, pauseSeconds: Math.round(pause), bytes },
    title: () => {
      const alone = clients === 1 ? ", which no other host talks to" : "";
      return `${evidence.label(client)} contacted ${evidence.label(server)} on the Internet regularly, about every ${durationText(pause)}, on ${portText(port)}${alone}: ${bytesText(bytes)} in ${countText(rhythm.contacts, "record")}`;
    },
    where: () => filter({ from: [evidence.text(client)], to: [evidence.text(server)], port: [port] }),
    key: `${evidence.text(server)} ${port}`,
  };
}
