import { NONE } from "../../edges/table.js";
import type { Evidence } from "../evidence.js";
import type { Candidate, Rule } from "../finding.js";
import { isKnown, isSensitive, portText } from "../ports.js";
import { eachRun } from "../runs.js";
import { bytesText, countText, listText } from "../sentence.js";
import { quantile } from "../statistics.js";
import { filter } from "../where.js";

/** Below, nobody can tell it from a form with attachments, or on a known port from somebody's presentation. */
const [MIN_BYTES, MIN_BYTES_KNOWN] = [10_000_000, 50_000_000];
const MIN_RATIO = 5;
/** Beyond what most pairs of the window send, and what others send to the same end. */
const FACTOR = 5;
const USUAL = 0.9;
/** On a port of its own, with so much, it is no longer a matter of taste. */
const HIGH_BYTES = 50_000_000;
/** When so many other hosts do alike, this is how it is here. */
const ALIKE = 2;

/**
 * Much more out than in, to one Internet end, far beyond what the window usually sends. What Internet clients fetch counts
 * too where the service isn't one that is meant for them: of administration or data, or on a port that isn't known.
 */
export const exfiltration: Rule = {
  name: "exfiltration",
  technique: "T1048",
  needs: [],
  find(evidence) {
    const pairs = new Pairs(evidence);
    const usual = quantile(pairs.out.subarray(0, pairs.size), USUAL);
    const least = Math.max(MIN_BYTES, pairs.size < 1 / (1 - USUAL) ? 0 : FACTOR * usual);
    const far: number[] = [];
    for (let pair = 0; pair < pairs.size; pair++) {
      const out = pairs.out[pair] ?? 0;
      if (out >= least && out >= MIN_RATIO * (pairs.back[pair] ?? 0)) far.push(pair);
    }
    const ends = pairs.hostsOf(new Set(far.map((pair) => pairs.end[pair] ?? 0)));
    const beyond = far.filter((pair) => {
      const others = (ends.get(pairs.end[pair] ?? 0) ?? []).filter(
        (other) => pairs.host[other] !== pairs.host[pair],
      );
      return others.every((other) => (pairs.out[pair] ?? 0) >= FACTOR * (pairs.out[other] ?? 0));
    });
    const mostOfHost = new Map<number, number>();
    for (const pair of beyond) {
      const host = pairs.host[pair] ?? 0;
      mostOfHost.set(host, Math.max(mostOfHost.get(host) ?? 0, pairs.out[pair] ?? 0));
    }
    const most = Float64Array.from(mostOfHost.values()).toSorted();
    return beyond.flatMap((pair) => {
      const alike = most.length - firstAtLeast(most, (pairs.out[pair] ?? 0) / FACTOR) - 1;
      const others =
        new Set((ends.get(pairs.end[pair] ?? 0) ?? []).map((other) => pairs.host[other])).size - 1;
      const found = candidate(evidence, pairs, pair, { usual, alike, others });
      return found === undefined ? [] : [found];
    });
  },
  together({ all, hosts }) {
    const bytes = all.reduce((sum, { numbers }) => sum + (numbers["bytesOut"] ?? 0), 0);
    return {
      title: `${countText(hosts.length, "host")} sent ${bytesText(bytes)} to the Internet, far more than they got back: ${listText(hosts)}`,
      where: filter({ host: hosts }),
    };
  },
};

/** What inside hosts and Internet ends sent each other, a pair each, in columns. */
class Pairs {
  size = 0;
  readonly host: Int32Array;
  readonly end: Int32Array;
  readonly out: Float64Array;
  readonly back: Float64Array;
  readonly #evidence: Evidence;

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
    this.host = new Int32Array(evidence.size);
    this.end = new Int32Array(evidence.size);
    this.out = new Float64Array(evidence.size);
    this.back = new Float64Array(evidence.size);
    for (let host = 0; host < evidence.hosts; host++) {
      if (!evidence.isInside(host)) continue;
      this.#gather(
        host,
        evidence.outboundByClient.of(host),
        (row) => this.#sentTo(row),
        evidence.sent,
        evidence.received,
      );
      this.#gather(
        host,
        evidence.inboundByServer.of(host),
        (row) => this.#fetchedBy(row),
        evidence.received,
        evidence.sent,
      );
    }
  }

  /** The pairs of each of these ends. */
  hostsOf(ends: ReadonlySet<number>): Map<number, number[]> {
    const pairs = new Map([...ends].map((end): [number, number[]] => [end, []]));
    for (let pair = 0; pair < this.size; pair++) pairs.get(this.end[pair] ?? 0)?.push(pair);
    return pairs;
  }

  rowsOf(pair: number): number[] {
    const [host, end] = [this.host[pair] ?? 0, this.end[pair] ?? 0];
    const { outboundByClient, inboundByServer } = this.#evidence;
    return [
      ...outboundByClient.of(host).filter((row) => this.#sentTo(row) === end),
      ...inboundByServer.of(host).filter((row) => this.#fetchedBy(row) === end),
    ];
  }

  /** The Internet end that the client of an outbound row sent to. */
  #sentTo(row: number): number {
    return this.#evidence.server[row] ?? NONE;
  }

  /** The Internet end that fetched something by an inbound row; `NONE` where that is what the service is for. */
  #fetchedBy(row: number): number {
    const evidence = this.#evidence;
    const port = evidence.port[row] ?? 0;
    if (port === 0 || (isKnown(port) && !isSensitive(port))) return NONE;
    return evidence.client[row] ?? NONE;
  }

  #gather(
    host: number,
    rows: Int32Array,
    endOf: (row: number) => number,
    outOf: Float64Array,
    backOf: Float64Array,
  ): void {
    eachRun(rows, endOf, (end, run, from, to) => {
      let [out, back] = [0, 0];
      for (let at = from; at < to; at++) {
        out += outOf[run[at] ?? 0] ?? 0;
        back += backOf[run[at] ?? 0] ?? 0;
      }
      const pair = this.size++;
      this.host[pair] = host;
      this.end[pair] = end;
      this.out[pair] = out;
      this.back[pair] = back;
    });
  }
}

/** The place of the first of ascending values that is at least this. */
function firstAtLeast(ascending: Float64Array, value: number): number {
  const at = ascending.findIndex((other) => other >= value);
  return at === -1 ? ascending.length : at;
}

function candidate(
  evidence: Evidence,
  pairs: Pairs,
  pair: number,
  { usual, alike, others }: { usual: number; alike: number; others: number },
): Candidate | undefined {
  const rows = pairs.rowsOf(pair);
  const [host = 0, end = 0, out = 0, back = 0] = [
    pairs.host[pair],
    pairs.end[pair],
    pairs.out[pair],
    pairs.back[pair],
  ];
  const ports = [...new Set(rows.map((row) => evidence.port[row] ?? 0))].filter((port) => port > 0);
  const isUnknown = ports.length > 0 && !ports.some(isKnown);
  if (!isUnknown && out < MIN_BYTES_KNOWN) return undefined;
  return {
    severity: alike >= ALIKE ? "low" : isUnknown && others === 0 && out >= HIGH_BYTES ? "high" : "medium",
    score: out / Math.max(MIN_BYTES, usual),
    actor: host,
    targets: [end],
    ports,
    rows,
    numbers: { bytesOut: out, bytesIn: back, othersAtThisEnd: others, usualBytesOut: usual },
    title: () => {
      const alone = others === 0 ? "; no other host here talked to it" : "";
      const via = ports.length === 0 ? "" : ` on ${listText(ports.map(portText))}`;
      return `${evidence.label(host)} sent ${bytesText(out)} to ${evidence.label(end)} on the Internet${via} and got ${bytesText(back)} back${alone}`;
    },
    where: () => {
      const isClient = rows.some((row) => evidence.client[row] === host);
      const [from, to] = isClient ? [host, end] : [end, host];
      return filter({ from: [evidence.text(from)], to: [evidence.text(to)] });
    },
    key: evidence.text(end),
  };
}
