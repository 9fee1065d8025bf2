import type { GraphView } from "../state/answers.js";
import { bytes, number } from "../state/texts.js";
import { grouped } from "../state/graph.js";
import { place } from "../state/place.js";

/** One sentence that is always true of what is seen. */
export function Sentence({ view }: { view: GraphView }) {
  const { graph, left, links, other } = view;
  const hosts = view.nodes.reduce((sum, { hosts }) => sum + hosts, 0);
  const shown = graph.conversations - left.filtered.rows;
  const isPart = left.filtered.rows > 0;
  const all = [...links, ...other];
  const rejected = all.reduce((sum, link) => sum + link.rejectedRows, 0);
  const carried = isPart
    ? all.reduce((sum, { client, server }) => sum + Number(client.bytes) + Number(server.bytes), 0)
    : graph.bytes;
  const status = (name: "new" | "gone" | "changed") =>
    all.reduce((sum, { statuses }) => sum + (statuses?.[name] ?? 0), 0);
  const parts = [
    <>
      <strong>
        {number(shown)} {shown === 1 ? "conversation" : "conversations"}
      </strong>
      {isPart ? ` of ${number(graph.conversations)}` : ""} between {number(hosts)} hosts, from{" "}
      {number(graph.edges)} edges
      {graph.loggedTwice > 0 && ` (${number(graph.loggedTwice)} logged twice, counted once)`}
    </>,
    <strong>{bytes(carried)}</strong>,
    rejected > 0 && <strong>{number(rejected)} rejected</strong>,
    view.against !== undefined &&
      `${number(status("new"))} new, ${number(status("gone"))} gone, ${number(status("changed"))} changed`,
    place.value.view !== "table" &&
      `${number(drawnOf(view))} of ${number(links.length + other.length)} links drawn`,
    graph.incomplete === true && "incomplete: AWS lost records",
  ];
  return (
    <p class="sentence" aria-live="polite" aria-busy={grouped.value.state === "asking"}>
      {parts
        .filter((part) => part !== false)
        .map((part, index) => (
          <span key={index}>
            {index > 0 && <span class="dot"> · </span>}
            {part}
          </span>
        ))}
    </p>
  );
}

/** A map has not all of many links as lines. */
function drawnOf({ links, map }: GraphView): number {
  if (place.value.view !== "map" || map === undefined) return links.length;
  return map.lines.reduce((sum, line) => sum + line.links.length, 0);
}
