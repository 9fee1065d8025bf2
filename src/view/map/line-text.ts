import { serviceOf } from "../../flow-log/services.js";
import { bytesText, countText } from "../amount-text.js";
import { timeText } from "../format/time.js";
import type { LinkFacts, Service } from "../links.js";
import { protocolName } from "../protocols.js";
import { bytesOf, type LineFacts } from "./line-facts.js";

/** How many services are written on a line. */
const MOST_SERVICES = 3;
const TCP = 6;

/** What is written on a line: what was rejected, then its heaviest services, then how much it carried where it is flagged. */
export function lineParts(line: LineFacts): string[] {
  const { services, moreServices, rejectedRows, flag } = line;
  const parts: string[] = [];
  if (rejectedRows > 0) parts.push(`✕ ${rejectedRows.toLocaleString("en-US")}`);
  const count = services.length + moreServices;
  // A scan tries so many that the first few say nothing.
  if (isMostlyRejected(line) && count > MOST_SERVICES) {
    parts.push(
      `${count.toLocaleString("en-US")} ${services.every(({ port }) => port > 0) ? "ports" : "services"}`,
    );
  } else {
    const named = services.slice(0, MOST_SERVICES).map(serviceLabel);
    const more = count - named.length;
    parts.push([...named, ...(more > 0 ? [`+${more}`] : [])].join(" "));
  }
  if (flag !== undefined && !isMostlyRejected(line)) parts.push(bytesText(Number(bytesOf(line))));
  return parts;
}

export function isMostlyRejected({ rows, rejectedRows, accepted }: LineFacts): boolean {
  return rejectedRows > 0 && (!accepted || 2 * rejectedRows > rows);
}

function serviceLabel({ protocol, port }: Service): string {
  if (port === 0) return protocolName(protocol);
  const name = serviceOf(port);
  // `http-alt-9000` says no more than its port.
  if (name !== undefined && !name.endsWith(`-${port}`)) return name;
  return protocol === TCP ? String(port) : `${port}/${protocolName(protocol)}`;
}

/** All that a line can tell, a line of text each. */
export function lineTitle(line: LineFacts, from: string, to: string, finding: string | undefined): string {
  const { services, moreServices, served, rows, rejectedRows, client, server, first, last } = line;
  const named = services.map(({ protocol, port }) => {
    if (port === 0) return protocolName(protocol);
    const name = serviceOf(port);
    return `${name === undefined ? "" : `${name} `}${port}/${protocolName(protocol)}`;
  });
  const more = moreServices > 0 ? [countText(moreServices, "more service")] : [];
  const rejected = rejectedRows === 0 ? "" : `, ${rejectedRows.toLocaleString("en-US")} of them rejected`;
  return [
    `${from} ${served ? "→" : "–"} ${to}`,
    ...(finding === undefined ? [] : [finding]),
    [...named, ...more].join(", "),
    `${countText(rows, "conversation")}${rejected}`,
    `${from} sent ${sentText(client)}`,
    `${to} sent ${sentText(server)}`,
    ...(first === undefined || last === undefined
      ? []
      : [`${timeText(first) ?? ""} – ${timeText(last) ?? ""}`]),
  ].join("\n");
}

function sentText({ bytes, packets }: LinkFacts["client"]): string {
  return `${bytesText(Number(bytes))} in ${countText(packets, "packet")}`;
}
