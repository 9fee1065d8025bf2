import { serviceOf } from "../../flow-log/services.js";
import type { Service } from "../links.js";
import { STATUSES } from "../marks.js";
import { mapOf } from "../map/map.js";
import type { Nodes } from "../nodes.js";
import { protocolName } from "../protocols.js";
import type { LinkList, View, ViewLink } from "../view.js";
import { quoted } from "../where-terms.js";
import { joined, type ViewFormat } from "./format.js";
import { timeText } from "./time.js";

/** The whole view. Numbers beyond 2^53 are strings; what the graph can't tell is left out. */
export const json = {
  mediaType: "application/json; charset=utf-8",
  write: (view: View) => joined(pieces(view)),
} satisfies ViewFormat;

function* pieces(view: View): Generator<string> {
  const { window, scope, against, rows, graph, left, findings, notes } = view;
  // First of all: what is too large to be drawn is answered with an error, not with a part.
  const map = view.layout === "map" ? mapOf(view) : undefined;
  const { flows, incomplete, read, unknown, ...counts } = graph;
  const totals = { ...counts, flows, incomplete, read, unknown };
  yield textOf({ window, scope, against, edges: rows, graph: totals }).slice(0, -1);
  yield ',\n"nodes":[';
  yield* nodesOf(view);
  yield '],\n"links":[';
  yield* linksOf(view.links, view.nodes);
  yield '],\n"other":[';
  yield* linksOf(view.other, view.otherNodes);
  yield "],\n";
  yield `${textOf({ left, findings, notes, map }).slice(1)}\n`;
}

/** The nodes that a link has, each once. */
function* nodesOf(view: View): Generator<string> {
  const seen = new Set<string>();
  let separator = "\n";
  for (const [list, nodes] of [
    [view.links, view.nodes],
    [view.other, view.otherNodes],
  ] as const) {
    for (let i = 0; i < list.size; i++) {
      const { from, to } = list.endsAt(i);
      for (const number of [from, to]) {
        const { query, ...node } = nodes.at(number);
        const where = query.all.map((value) => `host:${quoted(value)}`).join(" ");
        if (seen.has(node.id)) continue;
        seen.add(node.id);
        yield `${separator}${textOf({ ...node, where })}`;
        separator = ",\n";
      }
    }
  }
}

function* linksOf(list: LinkList, nodes: Nodes): Generator<string> {
  for (let i = 0; i < list.size; i++) {
    yield `${i === 0 ? "\n" : ",\n"}${textOf(linkOf(list.at(i), nodes))}`;
  }
}

function linkOf(link: ViewLink, nodes: Nodes): object {
  const { from, to, first, last, active, services, statuses, ...facts } = link;
  return {
    from: nodes.at(from).id,
    to: nodes.at(to).id,
    ...facts,
    services: services.map(serviceOfLink),
    first: timeText(first),
    last: timeText(last),
    // A bit for each sixtieth of the window, the first one last.
    active: active === undefined ? undefined : active.toString(2).padStart(60, "0"),
    statuses: statuses && Object.fromEntries(statuses.map((count, code) => [STATUSES[code], count]).slice(1)),
  };
}

function serviceOfLink({ protocol, port }: Service): object {
  return {
    protocol: protocolName(protocol),
    port: port === 0 ? undefined : port,
    name: port === 0 ? undefined : serviceOf(port),
  };
}

function textOf(value: object): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each !== "bigint") return each;
    return each <= Number.MAX_SAFE_INTEGER ? Number(each) : String(each);
  });
}
