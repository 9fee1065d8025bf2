import { bytesText, countText } from "../amount-text.js";
import { timeText } from "../format/time.js";
import type { View } from "../view.js";
import type { GraphMap } from "./graph-map.js";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `1 Jun 2024, 23:00 – 2 Jun 2024, 01:00 UTC`. */
export function windowText({ start, stop }: View["window"]): string {
  const [from, to] = [dayAndTime(start), dayAndTime(stop)];
  if (from === undefined || to === undefined) return `${start} – ${stop}`;
  return from.day === to.day
    ? `${from.day}, ${from.time} – ${to.time} UTC`
    : `${from.day}, ${from.time} – ${to.day}, ${to.time} UTC`;
}

function dayAndTime(text: string): { day: string; time: string } | undefined {
  const [, year, month, day, time, seconds] =
    /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d):(\d\d)/.exec(timeText(Date.parse(text) / 1000) ?? "") ?? [];
  if (time === undefined) return undefined;
  return {
    day: `${Number(day)} ${MONTHS[Number(month) - 1] ?? ""} ${year}`,
    time: seconds === "00" ? time : `${time}:${seconds}`,
  };
}

/** What the picture is of, how much of it is drawn, and what isn't known. */
export function mapSentences(view: View, map: GraphMap): string[] {
  const { scope, graph, left, links, other, rows, notes } = view;
  const drawn = map.lines.reduce((sum, line) => sum + line.links.length, 0);
  const twice =
    graph.loggedTwice === 0
      ? ""
      : ` (${graph.loggedTwice.toLocaleString("en-US")} logged twice, counted once)`;
  const rejected = rejectedOf(view);
  return [
    // Lines are wrapped where there are spaces.
    ...(scope === undefined ? [] : [scope.replaceAll(",", ", ")]),
    rows === "flows"
      ? countText(graph.edges, "edge")
      : `${countText(graph.edges, "edge")}, ${countText(graph.conversations, "conversation")}${twice}`,
    bytesText(Number(graph.bytes)),
    ...(rejected > 0 ? [`${rejected.toLocaleString("en-US")} rejected`] : []),
    `${drawn.toLocaleString("en-US")} of ${countText(links.size + other.size, "link")} drawn`,
    ...(left.filtered.rows > 0
      ? [`${countText(left.filtered.rows, rows === "flows" ? "edge" : "conversation")} filtered out`]
      : []),
    ...(graph.incomplete === true ? ["incomplete: records were lost"] : []),
    ...(graph.unknown.includes("first") ? ["times aren't known"] : []),
    ...notes.map((note) => note.replace(/\.$/, "")),
  ];
}

function rejectedOf({ links, other }: View): number {
  let sum = 0;
  for (const list of [links, other]) {
    for (let link = 0; link < list.size; link++) sum += list.at(link).rejectedRows;
  }
  return sum;
}
