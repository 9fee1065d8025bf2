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
