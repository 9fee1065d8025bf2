import { serviceOf } from "../../flow-log/services.js";
import { STATUSES } from "../marks.js";
import { protocolName } from "../protocols.js";
import type { LinkList, View, ViewLink } from "../view.js";
import type { Nodes } from "../nodes.js";
import { joined, type ViewFormat } from "./format.js";
import { timeText } from "./time.js";

/** Columns, each with its cell of a link. */
const COLUMNS: readonly (readonly [
  string,
  (link: ViewLink, nodes: Nodes) => string | number | bigint | undefined,
])[] = [
  ["from", ({ from }, nodes) => nodes.at(from).id],
  ["from_label", ({ from }, nodes) => nodes.at(from).label],
  ["to", ({ to }, nodes) => nodes.at(to).id],
  ["to_label", ({ to }, nodes) => nodes.at(to).label],
  ["served", ({ served }) => String(served)],
  [
    "protocol",
    ({ services: [first], moreServices, services }) =>
      first === undefined || services.length + moreServices > 1 ? undefined : protocolName(first.protocol),
  ],
  [
    "port",
    ({ services: [first], moreServices, services }) =>
      first === undefined || first.port === 0 || services.length + moreServices > 1 ? undefined : first.port,
  ],
  ["services", servicesText],
  ["rows", ({ rows }) => rows],
  ["client_bytes", ({ client }) => client.bytes],
  ["client_packets", ({ client }) => client.packets],
  ["server_bytes", ({ server }) => server.bytes],
  ["server_packets", ({ server }) => server.packets],
  ["rejected_bytes", ({ client, server }) => client.rejectedBytes + server.rejectedBytes],
  ["rejected_packets", ({ client, server }) => client.rejectedPackets + server.rejectedPackets],
  ["flows_accepted", ({ flows }) => flows?.accepted],
  ["flows_rejected", ({ flows }) => flows?.rejected],
  [
    "action",
    ({ accepted, rejected }) =>
      [accepted ? "accepted" : "", rejected ? "rejected" : ""].filter(Boolean).join(" "),
  ],
  ["first", ({ first }) => timeText(first)],
  ["last", ({ last }) => timeText(last)],
  ["status", ({ statuses }) => statuses && STATUSES.filter((_, code) => (statuses[code] ?? 0) > 0).join(" ")],
  ["before_bytes", ({ before }) => before],
  ["finding", ({ finding }) => finding],
  ["where", ({ where }) => where],
];

/** A line a link, those that fold the rest included, after a header. RFC 4180. */
export const csv: ViewFormat = {
  mediaType: "text/csv; charset=utf-8; header=present",
  write: (view) => joined(lines(view)),
};

function* lines(view: View): Generator<string> {
  yield `kind,${COLUMNS.map(([name]) => name).join()}\r\n`;
  yield* linesOf("link", view.links, view.nodes);
  yield* linesOf("other", view.other, view.otherNodes);
}

function* linesOf(kind: string, list: LinkList, nodes: Nodes): Generator<string> {
  for (let i = 0; i < list.size; i++) {
    const link = list.at(i);
    yield `${kind},${COLUMNS.map(([, cell]) => cellText(cell(link, nodes))).join()}\r\n`;
  }
}

function servicesText({ services, moreServices }: ViewLink): string {
  const texts = services.map(({ protocol, port }) =>
    port === 0 ? protocolName(protocol) : `${serviceOf(port) ?? port}/${protocolName(protocol)}`,
  );
  return [...texts, ...(moreServices > 0 ? [`${moreServices} more`] : [])].join(" ");
}

/**
 * A spreadsheet takes a cell that begins like this for a formula, whatever quotes are around it; an apostrophe before it
 * keeps it a text. https://owasp.org/www-community/attacks/CSV_Injection
 */
const FORMULA = /^[=+\-@\t\r\n]/;

function cellText(value: string | number | bigint | undefined): string {
  if (typeof value !== "string") return value === undefined ? "" : String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
