import { computed } from "@preact/signals";
import { againstText, graphParameters, PAGE_ROWS, type Place, queryText } from "./address.js";
import type { Findings, GraphList, GraphView } from "./answers.js";
import { asked, shownOf } from "./asked.js";
import { withoutTimes } from "./filter.js";
import { place } from "./place.js";

/** The query of what is seen, as the API takes it. */
export function viewQuery(place: Place, further: Readonly<Record<string, string>> = {}): string | undefined {
  const { window, scope, where, against, around, hops } = place;
  if (window === undefined) return undefined;
  const parameters = graphParameters(window, scope);
  if (where !== "") parameters.set("where", where);
  if (around !== undefined) {
    parameters.set("around", around);
    parameters.set("hops", hops);
  }
  if (against !== undefined) parameters.set("against", againstText(against));
  for (const [name, value] of Object.entries(further)) parameters.set(name, value);
  return `/graph?${queryText(parameters)}`;
}

/** Groups, which the map and the matrix show. It also tells whether there is a graph at all. */
export const grouped = asked<GraphView>(computed(() => groupedQuery(place.value)));

export function groupedQuery(place: Place): string | undefined {
  return viewQuery(place, { format: "json", layout: "map", ...openOf(place) });
}

/** What is opened, for what shows groups. */
export function openOf({ open }: Place): Readonly<Record<string, string>> {
  return open === "" ? {} : { open };
}

const isThere = computed(() => shownOf(grouped.value) !== undefined);

/** Conversations, flagged ones first, then the heaviest: a page of them. The rest is folded. */
export const conversations = asked<GraphView>(computed(() => pageQuery(place.value)));

/** The same over the whole window, whatever part of it is looked at. Its first page, which is asked for anyhow. */
export const wholeWindow = asked<GraphView>(
  computed(() => pageQuery({ ...place.value, where: withoutTimes(place.value.where), page: 1 })),
);

function pageQuery(place: Place): string | undefined {
  if (!isThere.value) return undefined;
  const { by, page } = place;
  const offset = String((page - 1) * PAGE_ROWS);
  return viewQuery(place, { format: "json", group: "host", top: String(PAGE_ROWS), offset, by });
}

export const findings = asked<Findings>(
  computed(() => {
    const { window, scope, against } = place.value;
    if (window === undefined || !isThere.value) return undefined;
    const query = graphParameters(window, scope);
    query.set("limit", "10");
    if (against !== undefined) query.set("against", againstText(against));
    return `/graph/findings?${query.toString()}`;
  }),
);

/** Those of the window that this one is compared with: what isn't among them is new. */
export const earlierFindings = asked<Findings>(
  computed(() => {
    const { against, scope } = place.value;
    if (against === undefined || !isThere.value) return undefined;
    const query = graphParameters(against, scope);
    query.set("limit", "1000");
    return `/graph/findings?${query.toString()}`;
  }),
);

export const graphs = asked<GraphList>(computed(() => "/graphs?limit=100"));
