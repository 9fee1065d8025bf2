import { SERVICE_PORTS } from "../flow-log/services.js";
import { END_VALUES, parseEnd, type EndTest } from "./ends.js";
import type { HostField } from "./hosts.js";
import { MEASURES, type Measure } from "./measure.js";
import { protocolNumber, PROTOCOL_NAMES } from "./protocols.js";
import { WhereError } from "./where-error.js";
import { termsOf, type RawTerm } from "./where-terms.js";

/** What a conversation may be, beside what it carries. */
const MARKS = ["flagged", "rejected", "served", "new", "gone", "changed", "same"] as const;
export type Mark = (typeof MARKS)[number];
const COMPARISONS = [">=", "<=", ">", "<", "="] as const;
type Comparison = (typeof COMPARISONS)[number];

/** What a term asks for: any of its values. */
export type Condition =
  | { readonly kind: "ends"; readonly end: "from" | "to" | "host"; readonly ends: readonly EndTest[] }
  | { readonly kind: "port"; readonly ranges: readonly (readonly [number, number])[] }
  | { readonly kind: "protocol"; readonly protocols: readonly number[] }
  | { readonly kind: "action"; readonly actions: readonly ("accept" | "reject")[] }
  | { readonly kind: "owner"; readonly field: HostField; readonly patterns: readonly string[] }
  | { readonly kind: "amount"; readonly measure: Measure; readonly limits: readonly Limit[] }
  | { readonly kind: "is"; readonly marks: readonly Mark[] }
  | { readonly kind: "finding"; readonly ids: readonly string[] }
  | { readonly kind: "time"; readonly bound: "after" | "before"; readonly seconds: number };

export interface Limit {
  readonly comparison: Comparison;
  readonly value: number;
}

/** A term of a filter. */
export interface Term {
  readonly text: string;
  /** Counted from 1. */
  readonly position: number;
  readonly isExcluded: boolean;
  /** Which terms belong together where an end may be either: those of one clause. */
  readonly clause: number;
  readonly condition: Condition;
}

/** All must hold. */
export type Where = readonly Term[];

/**
 * Reads a filter: terms separated by spaces, all of which must hold; values separated by commas, of which one must; `-`
 * before a term excludes. `and` between terms changes nothing but where no end serves: what stands on one side of it may hold
 * one way round, what stands on the other the other way round.
 *
 * @throws WhereError
 */
export function parseWhere(where: string): Where {
  return termsOf(where).map((term) => ({
    text: term.text,
    position: term.position,
    isExcluded: term.isExcluded,
    clause: term.clause,
    condition: conditionOf(term),
  }));
}

/** The condition of each field. */
const FIELDS: ReadonlyMap<string, (term: RawTerm) => Condition> = new Map<
  string,
  (term: RawTerm) => Condition
>([
  ["host", (term) => ({ kind: "ends", end: "host", ends: each(term, END_VALUES, parseEnd) })],
  ["from", (term) => ({ kind: "ends", end: "from", ends: each(term, END_VALUES, parseEnd) })],
  ["to", (term) => ({ kind: "ends", end: "to", ends: each(term, END_VALUES, parseEnd) })],
  [
    "cidr",
    (term) => ({ kind: "ends", end: "host", ends: each(term, "a CIDR such as 10.0.0.0/8", parseNetwork) }),
  ],
  [
    "name",
    (term) => ({
      kind: "ends",
      end: "host",
      ends: each(term, "a name", (pattern) => ({ field: "name", pattern })),
    }),
  ],
  ["port", (term) => ({ kind: "port", ranges: each(term, "ports such as 443 or 8000-8999", parseRange) })],
  [
    "service",
    (term) => ({ kind: "port", ranges: each(term, "a service such as ssh, https or dns", parseService) }),
  ],
  ["protocol", (term) => ({ kind: "protocol", protocols: each(term, PROTOCOL_VALUES, protocolNumber) })],
  [
    "action",
    (term) => ({ kind: "action", actions: each(term, "accept or reject", oneOf(["accept", "reject"])) }),
  ],
  ...(["account", "interface", "vpc", "subnet", "instance"] as const).map((field) => ownerOf(field)),
  ...MEASURES.map((measure) => amountOf(measure)),
  ["is", (term) => ({ kind: "is", marks: each(term, MARKS.join(", "), oneOf(MARKS)) })],
  ["finding", (term) => ({ kind: "finding", ids: term.values })],
  ["after", (term) => ({ kind: "time", bound: "after", seconds: timeOf(term) })],
  ["before", (term) => ({ kind: "time", bound: "before", seconds: timeOf(term) })],
]);

const PROTOCOL_VALUES = `${PROTOCOL_NAMES.join(", ")}, or a number up to 255`;
const UNITS = new Map(
  ["", "k", "m", "g", "t"].flatMap((unit, power): [string, number][] => [
    [unit, 1000 ** power],
    [`${unit}i`, 1024 ** power],
  ]),
);

function conditionOf(term: RawTerm): Condition {
  const read = FIELDS.get(term.field);
  if (read === undefined) {
    const fields = [...FIELDS.keys()].map((field) => `${field}:`).join(", ");
    throw new WhereError(term.text, term.position, `one of ${fields}`);
  }
  return read(term);
}

function each<T>(term: RawTerm, expected: string, read: (value: string) => T | undefined): T[] {
  return term.values.map((value) => {
    const result = read(value);
    if (result === undefined)
      throw new WhereError(term.text, term.position, `${term.field}: to have ${expected}`);
    return result;
  });
}

function oneOf<T extends string>(words: readonly T[]): (value: string) => T | undefined {
  return (value) => words.find((word) => word === value.toLowerCase());
}

function ownerOf(field: HostField): [string, (term: RawTerm) => Condition] {
  return [field, (term) => ({ kind: "owner", field, patterns: term.values })];
}

function amountOf(measure: Measure): [string, (term: RawTerm) => Condition] {
  const example = measure === "bytes" ? ">1MB" : ">1000";
  return [
    measure,
    (term) => ({ kind: "amount", measure, limits: each(term, `a limit such as ${example}`, parseLimit) }),
  ];
}

function parseNetwork(value: string): EndTest | undefined {
  const end = parseEnd(value);
  return end !== undefined && "network" in end ? end : undefined;
}

function parseRange(value: string): readonly [number, number] | undefined {
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(value) ?? [];
  const range = [Number(from), Number(to)] as const;
  return range[0] >= 1 && range[0] <= range[1] && range[1] <= 65_535 ? range : undefined;
}

function parseService(value: string): readonly [number, number] | undefined {
  const port = SERVICE_PORTS.get(value.toLowerCase());
  return port === undefined ? undefined : [port, port];
}

/** `>1MB`, `<=10k`, `512`: of bytes in units of 1000, or of 1024 with an i. */
function parseLimit(value: string): Limit | undefined {
  const [, sign = "=", digits, unit = ""] =
    /^([<>]=?|=)?(\d{1,15}(?:\.\d{1,6})?)([kmgt]?i?)b?$/i.exec(value) ?? [];
  const factor = UNITS.get(unit.toLowerCase());
  const comparison = COMPARISONS.find((each) => each === sign);
  if (digits === undefined || factor === undefined || comparison === undefined) return undefined;
  return { comparison, value: Number(digits) * factor };
}

const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/i;

/** In seconds since 1970. */
function timeOf(term: RawTerm): number {
  const [text = "", ...more] = term.values;
  const seconds = TIME.test(text) ? Date.parse(text.toUpperCase()) / 1000 : Number.NaN;
  if (more.length === 0 && !Number.isNaN(seconds)) return seconds;
  throw new WhereError(
    term.text,
    term.position,
    `${term.field}: to have a time such as 2024-06-01T23:40:00Z`,
  );
}
