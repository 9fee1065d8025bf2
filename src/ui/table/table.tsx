import { PAGE_ROWS, type Measure } from "../state/address.js";
import type { GraphView, Link } from "../state/answers.js";
import { shownOf } from "../state/asked.js";
import { type Flag, flagOf, flagText } from "../state/flags.js";
import { conversations } from "../state/graph.js";
import { go, place } from "../state/place.js";
import { bytes, clock, number, rejectedOf, sentBytes } from "../state/texts.js";
import { serviceTitle } from "../state/service-text.js";
import { HostButton } from "./host-button.js";
import { Sparkline } from "./sparkline.js";

/** Conversations, flagged ones first, then the heaviest: the service sorts. */
export function Table() {
  const view = shownOf(conversations.value);
  if (conversations.value.state === "refused") return <p class="note">{conversations.value.message}</p>;
  if (view === undefined) return <p class="note">Looking …</p>;
  if (view.links.length === 0) return <p class="note">Nothing is left by this filter.</p>;
  const rows = [...view.links.filter(isFlagged), ...view.links.filter((link) => !isFlagged(link))];
  const folded = view.left.folded.rows;
  return (
    <div class="table" tabIndex={0} role="region" aria-label="Table of conversations">
      <table>
        <caption class="hidden">Conversations, flagged ones first, then by {place.value.by}</caption>
        <thead>
          <tr>
            <th scope="col">Client</th>
            <th scope="col">Server</th>
            <th scope="col">Service</th>
            <Sorted by="bytes">Bytes</Sorted>
            <th scope="col" class="number">
              From client
            </th>
            <th scope="col" class="number">
              From server
            </th>
            <Sorted by="packets">Packets</Sorted>
            <Sorted by="flows">Flows</Sorted>
            <th scope="col" class="number">
              Rejected
            </th>
            <th scope="col">First</th>
            <th scope="col">Last</th>
            <th scope="col">Activity</th>
            {view.against !== undefined && <th scope="col">Since then</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map((link, index) => (
            <Row key={index} link={link} view={view} />
          ))}
        </tbody>
      </table>
      {folded > 0 && (
        <p class="note">
          {number(view.links.length)} of {number(view.links.length + folded)} conversations.{" "}
          <button type="button" class="button" onClick={() => go({ rows: place.value.rows + PAGE_ROWS })}>
            Show {PAGE_ROWS} more
          </button>
        </p>
      )}
    </div>
  );
}

function isFlagged({ finding }: Link): boolean {
  return finding !== undefined;
}

function Sorted({ by, children }: { by: Measure; children: string }) {
  const isSorted = place.value.by === by;
  return (
    <th scope="col" class="number" aria-sort={isSorted ? "descending" : undefined}>
      <button type="button" onClick={() => go({ by })}>
        {children} <span aria-hidden="true">{isSorted ? "▾" : ""}</span>
      </button>
    </th>
  );
}

function Row({ link, view }: { link: Link; view: GraphView }) {
  const flag = flagOf(link.finding);
  const rejected = rejectedOf(link);
  const [status] = Object.entries(link.statuses ?? {}).find(([, count]) => count > 0) ?? [];
  return (
    <tr class={`${flag ?? ""} ${link.accepted ? "" : "rejected"}`}>
      <td>
        <Mark flag={flag} />
        <HostButton id={link.from} view={view} />
      </td>
      <td>
        <HostButton id={link.to} view={view} />
      </td>
      <td>{link.services.map(serviceTitle).join(", ")}</td>
      <td class="number">{bytes(sentBytes(link))}</td>
      <td class="number">{bytes(link.client.bytes)}</td>
      <td class="number">{bytes(link.server.bytes)}</td>
      <td class="number">{number(Number(link.client.packets) + Number(link.server.packets))}</td>
      <td class="number">
        {link.flows === undefined ? "" : number(Number(link.flows.accepted) + Number(link.flows.rejected))}
      </td>
      <td class="number">{rejected === 0 ? "" : `✕ ${number(rejected)}`}</td>
      <td>{link.first === undefined ? "" : clock(link.first, true)}</td>
      <td>{link.last === undefined ? "" : clock(link.last, true)}</td>
      <td>
        <Sparkline active={link.active} isRejected={!link.accepted} />
      </td>
      {view.against !== undefined && <td>{status}</td>}
    </tr>
  );
}

function Mark({ flag }: { flag: Flag | undefined }) {
  if (flag === undefined) return null;
  return (
    <span class="mark">
      <span aria-hidden="true">{flag === "flagged" ? "▲" : "◆"}</span>
      <span class="hidden">{flagText(flag)}: </span>
    </span>
  );
}
