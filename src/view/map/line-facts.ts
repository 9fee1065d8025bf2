import type { LinkFacts, Service } from "../links.js";
import type { FlagKind } from "../marks.js";
import type { View, ViewLink } from "../view.js";

/** What a line shows, before it is placed. */
export interface LineFacts extends Omit<LinkFacts, "flows" | "active" | "statuses" | "before"> {
  readonly fromBox: number;
  readonly toBox: number;
  /** Places in the view's `links`. */
  readonly links: readonly number[];
  readonly finding: string | undefined;
  readonly flag: FlagKind | undefined;
  /** The place of its finding, counted from 1. */
  readonly number: number | undefined;
}

/** The box that a link's end is. */
export type BoxOf = (node: number, role: "from" | "to") => number;

/**
 * Links between the same boxes are one line, except for those that different findings flag, and those that an end serves
 * apart from those that none does. Flagged ones come first, then the heaviest.
 */
export function linesOf(view: View, boxOf: BoxOf): LineFacts[] {
  const numbers = new Map(view.findings?.map(({ id }, index) => [id, index + 1]));
  const lines = new Map<string, LineFacts>();
  for (let index = 0; index < view.links.size; index++) {
    const link = view.links.at(index);
    const fromBox = boxOf(link.from, "from");
    const toBox = boxOf(link.to, "to");
    const key = JSON.stringify([fromBox, toBox, link.served, link.finding]);
    const line = lines.get(key);
    if (line !== undefined) {
      lines.set(key, sumOf(line, link, index));
      continue;
    }
    const number = link.finding === undefined ? undefined : numbers.get(link.finding);
    const finding = number === undefined ? undefined : view.findings?.[number - 1];
    const flag = link.finding === undefined ? undefined : (finding?.kind ?? "flagged");
    lines.set(key, { ...link, fromBox, toBox, links: [index], flag, number });
  }
  return [...lines.values()].toSorted(
    (a, b) => (a.number ?? Infinity) - (b.number ?? Infinity) || Number(bytesOf(b) - bytesOf(a)) || 0,
  );
}

export function bytesOf({ client, server }: Pick<LinkFacts, "client" | "server">): bigint {
  return client.bytes + server.bytes;
}

function sumOf(line: LineFacts, link: ViewLink, index: number): LineFacts {
  const services = new Map<number, Service>();
  for (const service of [...line.services, ...link.services]) {
    services.set(service.protocol * 0x10000 + service.port, service);
  }
  return {
    ...line,
    links: [...line.links, index],
    rows: line.rows + link.rows,
    rejectedRows: line.rejectedRows + link.rejectedRows,
    services: [...services.values()],
    moreServices: line.moreServices + link.moreServices,
    client: sentSum(line.client, link.client),
    server: sentSum(line.server, link.server),
    accepted: line.accepted || link.accepted,
    rejected: line.rejected || link.rejected,
    first: least(line.first, link.first, Math.min),
    last: least(line.last, link.last, Math.max),
  };
}

function sentSum(a: LinkFacts["client"], b: LinkFacts["client"]): LinkFacts["client"] {
  return {
    bytes: a.bytes + b.bytes,
    packets: a.packets + b.packets,
    rejectedBytes: a.rejectedBytes + b.rejectedBytes,
    rejectedPackets: a.rejectedPackets + b.rejectedPackets,
  };
}

function least(
  a: number | undefined,
  b: number | undefined,
  choose: (a: number, b: number) => number,
): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : choose(a, b);
}
