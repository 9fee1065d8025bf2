import { quoted, termsOf } from "../../view/where-terms.js";

/** The terms of a filter as they are written; one that can't be read is one term. */
export function termTexts(where: string): string[] {
  try {
    return termsOf(where).map(({ text }) => text);
  } catch {
    return [where];
  }
}

/** A filter that asks for another thing as well. */
export function withTerm(where: string, term: string): string {
  return termTexts(where).includes(term) ? where : `${where} ${term}`.trim();
}

export function withoutTerm(where: string, index: number): string {
  return termTexts(where)
    .filter((_, at) => at !== index)
    .join(" ");
}

export function hostTerm(host: string, field = "host"): string {
  return `${field}:${quoted(host)}`;
}
const TIMES = /^(?:after|before):/i;

export function withoutTimes(where: string): string {
  return termTexts(where)
    .filter((term) => !TIMES.test(term))
    .join(" ");
}

export function timesOf(where: string): {
  readonly after: number | undefined;
  readonly before: number | undefined;
} {
  const timeOf = (name: string) => {
    const term = termTexts(where).find((text) => text.toLowerCase().startsWith(`${name}:`));
    const ms = term === undefined ? Number.NaN : Date.parse(term.slice(name.length + 1).replaceAll('"', ""));
    return Number.isNaN(ms) ? undefined : ms;
  };
  return { after: timeOf("after"), before: timeOf("before") };
}
