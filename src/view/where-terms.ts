import { WhereError } from "./where-error.js";

/** A term as it is written: `-field:value,value`. */
export interface RawTerm {
  readonly text: string;
  /** Counted from 1. */
  readonly position: number;
  readonly isExcluded: boolean;
  readonly field: string;
  readonly values: readonly string[];
  /** How many times `and` stands before it. */
  readonly clause: number;
}

const AND = /and(?=\s|$)/iy;

const START = /(?<minus>-?)(?<field>[A-Za-z]+):/y;
/** Between quotes anything may stand, quotes and backslashes after a backslash. */
const PIECE = /"(?<quoted>(?:[^"\\]|\\.)*)"|(?<plain>[^\s,"]+)/y;

/** Takes a filter apart into its terms, which spaces separate. */
export function termsOf(where: string): RawTerm[] {
  const terms: RawTerm[] = [];
  let clause = 0;
  let at = skipSpaces(where, 0);
  while (at < where.length) {
    AND.lastIndex = at;
    if (terms.length > 0 && AND.test(where)) {
      clause++;
      at = skipSpaces(where, AND.lastIndex);
      continue;
    }
    const position = at + 1;
    const fail = (expected: string) =>
      new WhereError(/\S+/.exec(where.slice(position - 1))?.[0] ?? "", position, expected);
    START.lastIndex = at;
    const start = START.exec(where);
    const { minus, field = "" } = start?.groups ?? {};
    if (start === null) throw fail('a term such as port:443, -host:10.0.0.1 or name:"my server"');
    at = START.lastIndex;
    const values: string[] = [];
    for (;;) {
      let value = "";
      let pieces = 0;
      for (PIECE.lastIndex = at; ; pieces++) {
        const piece = PIECE.exec(where);
        if (piece === null) break;
        value += piece.groups?.["quoted"]?.replaceAll(/\\(.)/g, "$1") ?? piece.groups?.["plain"] ?? "";
        at += piece[0].length;
        PIECE.lastIndex = at;
      }
      if (pieces === 0)
        throw fail(where[at] === '"' ? "a closing quote" : `a value after ${field}: and after each comma`);
      values.push(value);
      if (where[at] !== ",") break;
      at++;
    }
    if (where[at] === '"') throw fail("a closing quote");
    terms.push({
      text: where.slice(position - 1, at),
      position,
      isExcluded: minus === "-",
      field: field.toLowerCase(),
      values,
      clause,
    });
    at = skipSpaces(where, at);
  }
  return terms;
}

/** A value as it has to be written in a filter. */
export function quoted(value: string): string {
  return /^[^\s,"\\]+$/.test(value) ? value : `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text[at] ?? "")) at++;
  return at;
}
