import { createHash } from "node:crypto";
import { NONE, type OptionalColumn } from "../edges/table.js";
import type { Conversations } from "../view/conversations.js";
import type { Flagging } from "../view/marks.js";
import { Baseline } from "./baseline.js";
import { Evidence, type EvidenceOptions } from "./evidence.js";
import type { Candidate, Finding, Need, Rule } from "./finding.js";
import { isMuted, type Mute } from "./mute.js";
import { fold, gather, ranked, tellStories, type Entry } from "./rank.js";
import { RULES } from "./rules.js";

export const USUAL_LIMIT = 20;
/** Of hosts and ports that a finding lists; its numbers tell how many there are. */
const MOST_LISTED = 50;

export interface FindingsOptions extends EvidenceOptions {
  readonly mute?: readonly Mute[];
  /** How many findings at most; 20, unless told otherwise. */
  readonly limit?: number;
}

/** What a finding flags: conversations, and hosts by the numbers of their addresses. */
interface Flagged extends Flagging {
  readonly hosts: readonly number[];
}

export interface Findings {
  readonly findings: readonly Finding[];
  /** How many were left out because they are muted, and because they are more than the limit. */
  readonly muted: number;
  readonly more: number;
  /** What the graph can't tell. Rules that need it find nothing. */
  readonly unknown: readonly (Need | "flags")[];
  /** Of each finding, in their order: the conversations that it is about, and the numbers of its hosts' addresses. */
  readonly flagging: readonly (Flagging & { readonly hosts: readonly number[] })[];
}

/** What stands out in a window, the most urgent first. */
export function findings(conversations: Conversations, options: FindingsOptions): Findings {
  const { mute = [], limit = USUAL_LIMIT } = options;
  const evidence = new Evidence(conversations, options);
  const unknown = unknownOf(conversations.unknown);
  const before = evidence.baseline.length === 0 ? undefined : new Baseline(evidence, options).of(evidence);
  const found = new Map<string, readonly Candidate[]>();
  let muted = 0;
  for (const rule of RULES) {
    const isBlind = rule.needs.some((need) => unknown.includes(need));
    const all = isBlind ? [] : rule.find(evidence, { found, before });
    const heard = mute.length === 0 ? all : all.filter((one) => !isMuted(one, rule.name, mute, evidence));
    muted += all.length - heard.length;
    found.set(rule.name, heard);
  }
  const entries = fold(
    RULES.map((rule) => [rule, found.get(rule.name) ?? []]),
    evidence,
  );
  tellStories(entries, evidence);
  const list = ranked(gather(entries), evidence, RULES);
  const told = list.slice(0, limit).map((entry) => tell(entry, evidence));
  return {
    findings: told.map(({ finding }) => finding),
    flagging: told.map(({ flagging }) => flagging),
    muted,
    more: Math.max(0, list.length - limit),
    unknown,
  };
}

const TOLD_BY: readonly (readonly [OptionalColumn, Need | "flags"])[] = [
  ["first", "times"],
  ["active", "activity"],
  ["flows", "flows"],
  ["tcpFlags", "flags"],
];

function unknownOf(columns: readonly OptionalColumn[]): (Need | "flags")[] {
  return TOLD_BY.filter(([column]) => columns.includes(column)).map(([, need]) => need);
}

function tell(entry: Entry, evidence: Evidence): { finding: Finding; flagging: Flagged } {
  const { rule, candidate, also, severity, rest } = entry;
  const all = rest.length === 0 ? [candidate] : rest;
  const actors = [...new Set(all.map(({ actor }) => actor))];
  const targets = [...new Set(all.flatMap((one) => one.targets))];
  const ports = [...new Set(all.flatMap((one) => one.ports))];
  const texts = (some: readonly number[]) => some.map((host) => evidence.text(host));
  const many =
    rest.length === 0 ? undefined : rule.together({ all, hosts: texts(actors), ends: texts(targets), ports });
  const hosts = [...new Set([...actors, ...targets])].slice(0, MOST_LISTED);
  const rows = all.flatMap((one) => one.rows);
  const finding: Finding = {
    id: idOf(rule, many === undefined ? `${evidence.text(candidate.actor)} ${candidate.key ?? ""}` : "*"),
    rule: rule.name,
    also: also.map(({ name }) => name),
    severity,
    title: many?.title ?? candidate.title(),
    hosts: texts(hosts),
    ports: ports.slice(0, MOST_LISTED),
    technique: rule.technique,
    ...timesOf(rows, evidence),
    numbers: many === undefined ? candidate.numbers : { findings: rest.length, conversations: rows.length },
    where: many?.where ?? candidate.where(),
  };
  const addresses = hosts.map((host) => evidence.address[host] ?? NONE);
  const kind = rule.name === "reached-from" ? "reached" : "flagged";
  return { finding, flagging: { id: finding.id, title: finding.title, kind, rows, hosts: addresses } };
}

function idOf(rule: Rule, what: string): string {
  return `${rule.name}-${createHash("sha256").update(what).digest("hex").slice(0, 10)}`;
}

function timesOf(rows: readonly number[], evidence: Evidence): Pick<Finding, "first" | "last"> {
  const { first, last } = evidence.conversations;
  if (first === undefined || last === undefined) return { first: null, last: null };
  const least = rows.reduce((time, row) => Math.min(time, first[row] ?? time), Number.POSITIVE_INFINITY);
  const greatest = rows.reduce((time, row) => Math.max(time, last[row] ?? time), 0);
  return { first: timeText(least), last: timeText(greatest) };
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}
