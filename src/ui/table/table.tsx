import { useEffect, useRef } from "preact/hooks";
import { PAGE_ROWS, type Measure } from "../state/address.js";
import { NothingLeft } from "../filter/nothing-left.js";
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
  if (view.links.length + view.left.folded.rows === 0) return <NothingLeft />;
  return (
    <div class="pages">
      <Rows view={view} />
      <Pages view={view} />
    </div>
  );
}

function Rows({ view }: { view: GraphView }) {
  const area = useRef<HTMLDivElement>(null);
  useEffect(() => area.current?.scrollTo({ top: 0 }), [view]);
  return (
    <div class="table" ref={area} tabindex={0} role="region" aria-label="Table of conversations">
      <table>
        <caption class="hidden">Conversations, flagged ones first, then by {place.value.by}</caption>
        <thead>
          <tr>
            <th scope="col">Client</th>
            <th scope="col">Server</th>
            <th scope="col">Service</th>
            <Sorted by="bytes">Bytes</Sorted>
            <th scope="col" class="number">
              Client sent
            </th>
            <th scope="col" class="number">
              Server sent
            </th>
            <th scope="col" class="number">
              Rejected
            </th>
            <th scope="col">Activity</th>
            <th scope="col">First, last</th>
            <Sorted by="packets">Packets</Sorted>
            <Sorted by="flows">Flows</Sorted>
            {view.against !== undefined && <th scope="col">Since then</th>}
          </tr>
        </thead>
        <tbody>
          {view.links.map((link, index) => (
            <Row key={index} link={link} view={view} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Pages({ view }: { view: GraphView }) {
  const { page } = place.value;
  const all = view.links.length + view.left.folded.rows;
  const last = Math.ceil(all / PAGE_ROWS);
  if (last < 2 && page === 1) return null;
  const from = (page - 1) * PAGE_ROWS;
  return (
    <nav class="note" aria-label="Pages of the table">
      <button type="button" class="button" disabled={page === 1} onClick={() => go({ page: page - 1 })}>
        ‹ Earlier rows
      </button>
      <span>
        {view.links.length === 0 ? "No rows" : `${number(from + 1)}–${number(from + view.links.length)}`} of{" "}
        {number(all)}
      </span>
      <button type="button" class="button" disabled={page >= last} onClick={() => go({ page: page + 1 })}>
        Later rows ›
      </button>
    </nav>
  );
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
      <td class="number">{rejected === 0 ? "" : `✕ ${number(rejected)}`}</td>
      <td>
        <Sparkline active={link.active} isRejected={!link.accepted} />
      </td>
      <td class="times" title={[link.first, link.last].join(" – ")}>
        {seenText(link)}
      </td>
      <td class="number">{number(Number(link.client.packets) + Number(link.server.packets))}</td>
      <td class="number">
        {link.flows === undefined ? "" : number(Number(link.flows.accepted) + Number(link.flows.rejected))}
      </td>
      {view.against !== undefined && <td>{status}</td>}
    </tr>
  );
}

function seenText({ first, last }: Link): string {
  return first === undefined || last === undefined ? "" : `${clock(first)} – ${clock(last)}`;
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
