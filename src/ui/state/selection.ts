import { quoted } from "../../view/where-terms.js";
import type { Link } from "./answers.js";

/** Names a link of a view, from one answer to the next. */
export function lineKey({ from, to, finding, served }: Link): string {
  return `${from} ${to} ${finding ?? (served ? "" : "-")}`.trim();
}

/** The filter that shows what a finding is about. */
export function findingTerm(id: string): string {
  return `finding:${quoted(id)}`;
}
