import { serviceOf } from "../../flow-log/services.js";
import { protocolName } from "../protocols.js";
import type { LinkList, View, ViewLink } from "../view.js";
import type { Nodes } from "../nodes.js";
import { weightStep } from "../weight.js";
import { joined, type ViewFormat } from "./format.js";

const PEN_WIDTHS = [1, 1.5, 2.5, 4, 6] as const;

/** For Graphviz: a pen as wide as the weight, rejected in red and dashed, flagged in orange. */
export const dot: ViewFormat = {
  mediaType: "text/vnd.graphviz; charset=utf-8",
  write: (view) => joined(lines(view)),
};

function* lines(view: View): Generator<string> {
  yield "digraph {\n";
  const seen = new Set<string>();
  for (const [list, nodes] of [
    [view.links, view.nodes],
    [view.other, view.otherNodes],
  ] as const) {
    for (let i = 0; i < list.size; i++) yield edgeLine(list.at(i), nodes, list === view.other);
    yield* nodeLines(list, nodes, seen);
  }
  yield "}\n";
}

function* nodeLines(list: LinkList, nodes: Nodes, seen: Set<string>): Generator<string> {
  for (let i = 0; i < list.size; i++) {
    const { from, to } = list.endsAt(i);
    for (const number of [from, to]) {
      const { id, label, kind, hosts } = nodes.at(number);
      if (seen.has(id)) continue;
      seen.add(id);
      const text = kind === "host" ? label : `${label}\n${hosts} ${hosts === 1 ? "host" : "hosts"}`;
      const shape = kind === "host" ? "" : " shape=box";
      yield `\t${quoted(id)} [label=${quoted(text)}${shape}]\n`;
    }
  }
}

function edgeLine(link: ViewLink, nodes: Nodes, isOther: boolean): string {
  const { client, server, served, services, moreServices, rejected, accepted, finding } = link;
  const bytes = client.bytes + server.bytes;
  const packets = client.packets + server.packets;
  const [service] = services;
  const isOne = services.length === 1 && moreServices === 0;
  const attributes = [
    ...(isOne && service !== undefined
      ? [`govpc_srcPort="0"`, `govpc_dstPort="${service.port}"`, `govpc_protocol="${service.protocol}"`]
      : []),
    `govpc_packets="${packets}"`,
    `govpc_bytes="${bytes}"`,
    ...(link.first === undefined ? [] : [`govpc_start="${link.first}"`]),
    ...(link.last === undefined ? [] : [`govpc_end="${link.last}"`]),
    `color=${finding === undefined ? (rejected ? "red" : isOther ? "gray" : "green") : "orange"}`,
    `penwidth=${PEN_WIDTHS[weightStep(bytes)]}`,
    ...(rejected ? [`style=${accepted ? '"bold,dashed"' : "dashed"}`] : []),
    ...(served ? [] : ["dir=none"]),
    `label=${quoted(labelOf(link))}`,
  ];
  const [from, to] = [nodes.at(link.from).id, nodes.at(link.to).id];
  return `\t${quoted(from)} -> ${quoted(to)} [${attributes.join(" ")}]\n`;
}

function labelOf({ services, moreServices, rows, rejected, accepted }: ViewLink): string {
  const texts = services.map(({ protocol, port }) =>
    port === 0 ? protocolName(protocol) : `${serviceOf(port) ?? protocolName(protocol)} ${port}`,
  );
  const more = moreServices > 0 ? [`${moreServices} more`] : [];
  const refused = rejected ? [accepted ? "some rejected" : `✕ ${rows} rejected`] : [];
  return [...texts, ...more, ...refused].join("\n");
}

/** Nothing closes the string, and no backslash begins an escape but those of new lines. */
function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll(/\r?\n/g, "\\n")}"`;
}
