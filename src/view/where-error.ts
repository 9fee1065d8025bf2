/** A filter that can't be understood. The message names the term, its place, and what is allowed there. */
export class WhereError extends Error {
  override name = "WhereError";
  readonly term: string;
  /** Of the term in the filter, counted from 1. */
  readonly position: number;

  constructor(term: string, position: number, expected: string) {
    super(`where: expected ${expected}, got ${JSON.stringify(shortened(term))} at character ${position}`);
    this.term = term;
    this.position = position;
  }
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
