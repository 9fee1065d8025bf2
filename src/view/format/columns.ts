import { serviceOf } from "../../flow-log/services.js";
import { STATUSES } from "../marks.js";
import type { Nodes } from "../nodes.js";
import { protocolName } from "../protocols.js";
import type { LinkList, View, ViewLink } from "../view.js";

/** `seconds` are since 1970. */
type CellType = "text" | "port" | "sum" | "seconds";
export type Cell = string | number | bigint | undefined;

/** A column of a view as a table. */
export interface LinkColumn {
  readonly name: string;
  readonly type: CellType;
  /** Whether links may lack it; a column of sums or times is there for all links of a view, or for none. */
  readonly optional: boolean;
  readonly cell: (link: ViewLink, nodes: Nodes, kind: "link" | "other") => Cell;
}

function text(name: string, cell: LinkColumn["cell"], optional = false): LinkColumn {
  return { name, type: "text", optional, cell };
}

function sum(name: string, cell: LinkColumn["cell"]): LinkColumn {
  return { name, type: "sum", optional: false, cell };
}

/** The links of a view as rows, those that fold the rest included. */
export const LINK_COLUMNS: readonly LinkColumn[] = [
  text("kind", (_, __, kind) => kind),
  text("from", ({ from }, nodes) => nodes.at(from).id),
  text("from_label", ({ from }, nodes) => nodes.at(from).label),
  text("to", ({ to }, nodes) => nodes.at(to).id),
  text("to_label", ({ to }, nodes) => nodes.at(to).label),
  text("served", ({ served }) => String(served)),
  text("protocol", (link) => onlyService(link) && protocolName(onlyService(link)?.protocol ?? 0), true),
  { name: "port", type: "port", optional: true, cell: (link) => onlyService(link)?.port || undefined },
  text("services", servicesText),
  sum("rows", ({ rows }) => rows),
  sum("client_bytes", ({ client }) => client.bytes),
  sum("client_packets", ({ client }) => client.packets),
  sum("server_bytes", ({ server }) => server.bytes),
  sum("server_packets", ({ server }) => server.packets),
  sum("rejected_bytes", ({ client, server }) => client.rejectedBytes + server.rejectedBytes),
  sum("rejected_packets", ({ client, server }) => client.rejectedPackets + server.rejectedPackets),
  sum("flows_accepted", ({ flows }) => flows?.accepted),
  sum("flows_rejected", ({ flows }) => flows?.rejected),
  text("action", ({ accepted, rejected }) =>
    [accepted ? "accepted" : "", rejected ? "rejected" : ""].filter(Boolean).join(" "),
  ),
  { name: "first", type: "seconds", optional: false, cell: ({ first }) => first },
  { name: "last", type: "seconds", optional: false, cell: ({ last }) => last },
  text(
    "status",
    ({ statuses }) => statuses && STATUSES.filter((_, code) => (statuses[code] ?? 0) > 0).join(" "),
    true,
  ),
  sum("before_bytes", ({ before }) => before),
  text("finding", ({ finding }) => finding, true),
  text("where", ({ where }) => where),
];

/** The rows of a view, made one after the other. */
export function* linkRows(
  view: View,
): Generator<{ readonly link: ViewLink; readonly nodes: Nodes; readonly kind: "link" | "other" }> {
  yield* rowsOf("link", view.links, view.nodes);
  yield* rowsOf("other", view.other, view.otherNodes);
}

function* rowsOf(kind: "link" | "other", list: LinkList, nodes: Nodes) {
  for (let i = 0; i < list.size; i++) yield { link: list.at(i), nodes, kind } as const;
}

function onlyService({ services: [first], services, moreServices }: ViewLink) {
  return services.length + moreServices === 1 ? first : undefined;
}

function servicesText({ services, moreServices }: ViewLink): string {
  const texts = services.map(({ protocol, port }) =>
    port === 0 ? protocolName(protocol) : `${serviceOf(port) ?? port}/${protocolName(protocol)}`,
  );
  return [...texts, ...(moreServices > 0 ? [`${moreServices} more`] : [])].join(" ");
}
