import type { Evidence } from "./evidence.js";
import { SEVERITIES, type Candidate, type Rule, type Severity } from "./finding.js";
import { groupBy } from "./group-by.js";
import { median } from "./statistics.js";

/** A candidate on its way to the list. */
export interface Entry {
  readonly rule: Rule;
  readonly candidate: Candidate;
  readonly also: Rule[];
  severity: Severity;
  /** The number of the story that it is a part of. */
  story: number | undefined;
  /** The candidates that it stands for, where it stands for several. */
  readonly rest: readonly Candidate[];
}

/** What says the most of a conversation is shown; the others that say something of it are named beside it. */
const STRONGEST_FIRST = [
  "let-in",
  "reached-from",
  "exfiltration",
  "mining",
  "tor",
  "odd-port",
  "beacon",
  "dns-volume",
  "dns-elsewhere",
  "exposed-service",
  "cleartext",
  "port-scan",
  "host-sweep",
  "blocked-inside",
  "new-path",
  "new-service",
  "new-peer",
];
/** Two say the same when each has half of its evidence in the other's. */
const SHARED = 0.5;

/** Of candidates with the same evidence, one. */
export function fold(found: Iterable<readonly [Rule, readonly Candidate[]]>, evidence: Evidence): Entry[] {
  const all = [...found]
    .toSorted(([one], [other]) => STRONGEST_FIRST.indexOf(one.name) - STRONGEST_FIRST.indexOf(other.name))
    .flatMap(([rule, candidates]) => candidates.map((candidate) => entryOf(rule, candidate)));
  const claims = new Int32Array(evidence.size).fill(-1);
  const kept: Entry[] = [];
  for (const entry of all) {
    const { rows } = entry.candidate;
    const [claim, shared] = mostOften(rows, claims);
    const stronger = kept[claim];
    if (stronger === undefined || !saysTheSame(entry.candidate, stronger.candidate, shared)) {
      for (const row of rows) if (claims[row] === -1) claims[row] = kept.length;
      kept.push(entry);
      continue;
    }
    if (stronger.rule !== entry.rule && !stronger.also.includes(entry.rule)) stronger.also.push(entry.rule);
    if (isWorse(entry.severity, stronger.severity)) stronger.severity = entry.severity;
  }
  return kept;
}

function entryOf(rule: Rule, candidate: Candidate, rest: readonly Candidate[] = []): Entry {
  return { rule, candidate, also: [], severity: candidate.severity, story: undefined, rest };
}

/** The entry that claimed most of these rows, and how many. */
function mostOften(rows: readonly number[], claims: Int32Array): readonly [number, number] {
  const counts = new Map<number, number>();
  for (const row of rows) {
    const claim = claims[row] ?? -1;
    if (claim >= 0) counts.set(claim, (counts.get(claim) ?? 0) + 1);
  }
  return [...counts].toSorted(([, one], [, other]) => other - one)[0] ?? [-1, 0];
}

function saysTheSame(one: Candidate, other: Candidate, shared: number): boolean {
  if (shared >= SHARED * one.rows.length && shared >= SHARED * other.rows.length) return true;
  // Ports of one pair of hosts, of which one rule looks at all.
  const [target, ...more] = one.targets;
  return (
    one.actor === other.actor &&
    more.length === 0 &&
    other.targets.length === 1 &&
    other.targets[0] === target
  );
}

function isWorse(one: Severity, other: Severity): boolean {
  return SEVERITIES.indexOf(one) < SEVERITIES.indexOf(other);
}

/**
 * Finds the stories: who was let in where, what was reached from there, and what those hosts did from then on. All of a
 * story is high.
 */
export function tellStories(entries: readonly Entry[], evidence: Evidence): void {
  const taken = new Map<number, { readonly since: number; readonly story: number }>();
  const take = (host: number, since: number, story: number): void => {
    if (since < (taken.get(host)?.since ?? Number.POSITIVE_INFINITY)) taken.set(host, { since, story });
  };
  const intruders = new Map<number, number>();
  for (const entry of entries) {
    const { actor, targets } = entry.candidate;
    if (entry.rule.name !== "let-in" || entry.severity !== "high") continue;
    entry.story = intruders.get(actor) ?? intruders.size;
    intruders.set(actor, entry.story);
    for (const target of targets) take(target, firstOf(entry, evidence), entry.story);
  }
  for (const entry of entries) {
    const story = entry.rule.name === "reached-from" ? taken.get(entry.candidate.actor)?.story : undefined;
    if (story === undefined) continue;
    entry.story = story;
    for (const row of entry.candidate.rows) take(evidence.server[row] ?? 0, evidence.first(row), story);
  }
  for (const entry of entries) {
    const { actor } = entry.candidate;
    const host = taken.get(actor);
    const isLater = host !== undefined && firstOf(entry, evidence) >= host.since;
    entry.story ??= intruders.get(actor) ?? (isLater ? host.story : undefined);
    if (entry.story !== undefined) entry.severity = "high";
  }
}

function firstOf({ candidate }: Entry, evidence: Evidence): number {
  return candidate.rows.reduce(
    (least, row) => Math.min(least, evidence.first(row)),
    Number.POSITIVE_INFINITY,
  );
}

/** Of one rule, so many are shown one by one; of more than these, only such as are far beyond the others. */
const MOST_ALONE = 3;
const MOST_BEYOND = 2;
const BEYOND = 4;
/** More than so many alike are how it is here, and can't all be urgent. */
const USUAL = 10;

/** What many hosts do alike is one finding. */
export function gather(entries: readonly Entry[]): Entry[] {
  return [...groupBy(entries, ({ rule }) => rule).values()].flatMap(gatherRule);
}

function gatherRule(all: readonly Entry[]): readonly Entry[] {
  const alone = all.filter(({ story }) => story === undefined).toSorted(byRank);
  if (alone.length <= MOST_ALONE) return all;
  const usual = median(alone.map(({ candidate }) => candidate.score));
  const beyond = alone.filter(({ candidate }) => candidate.score >= BEYOND * usual).slice(0, MOST_BEYOND);
  const rest = alone.filter((entry) => !beyond.includes(entry));
  const told = all.filter(({ story }) => story !== undefined);
  return [...told, ...beyond, together(rest)];
}

function together(rest: readonly Entry[]): Entry {
  const [worst] = rest;
  if (worst === undefined) throw new RangeError("nothing to put together");
  const entry = entryOf(
    worst.rule,
    worst.candidate,
    rest.map(({ candidate }) => candidate),
  );
  for (const { also } of rest)
    for (const other of also) if (!entry.also.includes(other)) entry.also.push(other);
  entry.severity = rest.length > USUAL && worst.severity === "high" ? "medium" : worst.severity;
  return entry;
}

/** High ones first, then by how unusual they are. */
function byRank(one: Entry, other: Entry): number {
  const severity = SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity);
  return severity === 0 ? other.candidate.score - one.candidate.score : severity;
}

/** The order of the list: stories as wholes, in their own order of time. */
export function ranked(entries: readonly Entry[], evidence: Evidence, rules: readonly Rule[]): Entry[] {
  const stories = groupBy(entries, (entry): number | Entry => entry.story ?? entry);
  const inTime = (one: Entry, other: Entry): number =>
    firstOf(one, evidence) - firstOf(other, evidence) || rules.indexOf(one.rule) - rules.indexOf(other.rule);
  return [...stories.values()]
    .map((story) => ({ story: story.toSorted(inTime), best: story.toSorted(byRank)[0] }))
    .toSorted((one, other) => (one.best && other.best ? byRank(one.best, other.best) : 0))
    .flatMap(({ story }) => story);
}
