import { bytesText } from "../../view/amount-text.js";
import type { Window } from "./address.js";
import type { Count, Link } from "./answers.js";
import { isLocal } from "./place.js";

export function bytes(count: Count): string {
  return bytesText(Number(count));
}

export function number(count: Count): string {
  return Number(count).toLocaleString("en-US");
}

export function sentBytes({ client, server }: Link): number {
  return Number(client.bytes) + Number(server.bytes);
}

export function rejectedOf({ flows, client, server }: Link): number {
  return flows === undefined
    ? Number(client.rejectedPackets) + Number(server.rejectedPackets)
    : Number(flows.rejected);
}

const zone = (): Intl.DateTimeFormatOptions => (isLocal.value ? {} : { timeZone: "UTC" });
export const zoneName = (): string => (isLocal.value ? "local time" : "UTC");

/** `23:00`, or with seconds. */
export function clock(time: string | number | Date, seconds = false): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  return date.toLocaleTimeString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    ...(seconds && { second: "2-digit" }),
    ...zone(),
  });
}

function day(time: string, hasYear = true): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  return date.toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    ...(hasYear && { year: "numeric" }),
    ...zone(),
  });
}

/** `1 Jun 2024, 23:00 – 2 Jun, 01:00`; the day and the year once, where it is one. */
export function windowText({ start, stop }: Window): string {
  if (Number.isNaN(Date.parse(start)) || Number.isNaN(Date.parse(stop))) return `${start} – ${stop}`;
  const [from, to] = [day(start), day(stop)];
  const isSameYear = from.slice(-4) === to.slice(-4);
  const end = from === to ? clock(stop) : `${day(stop, !isSameYear)}, ${clock(stop)}`;
  return `${from}, ${clock(start)} – ${end}`;
}

/** How long a window is: `2 h`, `90 min`, `3 days`. */
export function lengthText({ start, stop }: Window): string {
  const minutes = Math.round((Date.parse(stop) - Date.parse(start)) / 60_000);
  if (minutes % 1440 === 0) return `${minutes / 1440} ${minutes === 1440 ? "day" : "days"}`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}
