import type { Newness } from "./baseline.js";
import type { Evidence } from "./evidence.js";

export const SEVERITIES = ["high", "medium", "low"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What a rule may need that not every graph can tell. */
export type Need = "times" | "activity" | "flows";

/** Something that stands out in a window, as callers see it. */
export interface Finding {
  /** The same for the same thing in another window. */
  readonly id: string;
  readonly rule: string;
  /** Other rules that say something of the same traffic. */
  readonly also: readonly string[];
  readonly severity: Severity;
  /** One sentence a person can act on. */
  readonly title: string;
  /** Addresses: whose doing it is first, then the others that matter, the ones that matter most first. */
  readonly hosts: readonly string[];
  readonly ports: readonly number[];
  /** Of ATT&CK: https://attack.mitre.org/techniques/ */
  readonly technique: string;
  /** RFC 3339, null where the graph can't tell. */
  readonly first: string | null;
  readonly last: string | null;
  readonly numbers: Readonly<Record<string, number>>;
  /** The filter that shows the evidence. */
  readonly where: string;
}

/** What a rule found of one actor. Hosts are numbers of `Evidence`. */
export interface Candidate {
  readonly severity: Severity;
  /** How many times what is usual in this window, or what the rule asks for at least. */
  readonly score: number;
  /** Whose doing it is, or who should be looked at. */
  readonly actor: number;
  /** The others, the ones that matter most first. */
  readonly targets: readonly number[];
  readonly ports: readonly number[];
  /** The conversations that show it. */
  readonly rows: readonly number[];
  readonly numbers: Readonly<Record<string, number>>;
  /** Written for those that are shown alone. */
  readonly title: () => string;
  readonly where: () => string;
  /** What makes it the same thing in another window, besides rule and actor. */
  readonly key?: string;
}

export interface Rule {
  readonly name: string;
  readonly technique: string;
  readonly needs: readonly Need[];
  find(evidence: Evidence, context: Context): Candidate[];
  /** What is said of many that are alike, and the filter that shows them. */
  together(many: Many): { readonly title: string; readonly where: string };
}

/** What many findings of one rule are about, each once. */
interface Many {
  readonly all: readonly Candidate[];
  /** Addresses: whose doing it is. */
  readonly hosts: readonly string[];
  /** Addresses of the others. */
  readonly ends: readonly string[];
  readonly ports: readonly number[];
}

export interface Context {
  /** What the rules before this one found, by their names, without what is muted. */
  readonly found: ReadonlyMap<string, readonly Candidate[]>;
  /** What is new against the windows before; undefined where there is nothing to compare with. */
  readonly before: Newness | undefined;
}
