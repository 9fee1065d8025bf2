import type { LinkFacts } from "./links.js";
import type { ViewNode } from "./nodes.js";
import { protocolName } from "./protocols.js";
import { quoted } from "./where-terms.js";

/** What a link has to be told apart from, between the same two nodes. */
export interface LinkKind {
  /** The finding that flags it; undefined when none does. */
  readonly finding: string | undefined;
  /** Findings that would be told of it rather than this one; none of them flags it. */
  readonly notFindings: readonly string[];
  /** Whether there are flagged rows beside it. */
  readonly besideFlagged: boolean;
  /** Whether there are rows of the other kind, served or not, beside it. */
  readonly besideOther: boolean;
}

/** The filter that shows what is in a link, added to that of the view. */
export function linkQuery(
  base: string,
  from: ViewNode,
  to: ViewNode,
  facts: LinkFacts,
  isOne: boolean,
  kind: LinkKind,
): string {
  const terms = [...endTerms("from", from), ...endTerms("to", to)];
  const [service] = facts.services;
  if (isOne && service !== undefined) {
    terms.push(`protocol:${protocolName(service.protocol)}`);
    if (service.port > 0) terms.push(`port:${service.port}`);
  }
  if (!facts.served) terms.push("-is:served");
  else if (kind.besideOther) terms.push("is:served");
  if (kind.finding !== undefined) {
    terms.push(`finding:${quoted(kind.finding)}`);
    if (kind.notFindings.length > 0) terms.push(`-finding:${kind.notFindings.map(quoted).join(",")}`);
  } else if (kind.besideFlagged) terms.push("-is:flagged");
  if (base.trim() !== "") terms.unshift(base.trim(), ...(facts.served ? [] : ["and"]));
  return terms.join(" ");
}

function endTerms(end: "from" | "to", { query }: ViewNode): string[] {
  const all = query.all.map((value) => `${end}:${quoted(value)}`);
  return query.none.length === 0 ? all : [...all, `-${end}:${query.none.map(quoted).join(",")}`];
}
