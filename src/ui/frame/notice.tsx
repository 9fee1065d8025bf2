import { Refresh } from "../choose/refresh.js";
import type { GraphView } from "../state/answers.js";
import { progress } from "../state/making.js";

/** What isn't as usual with a graph that is shown: it is being made again, or there is something that it can't tell. */
export function Notice({ view }: { view: GraphView }) {
  const now = progress.value;
  if (now !== undefined) {
    return (
      <div class="notice" role="status">
        <span>Making it again. {now.text} Until then you see the graph as it was.</span>
        <progress value={now.part} max={1} aria-label="How far it is" />
      </div>
    );
  }
  const missing = missingOf(view);
  if (missing === undefined) return null;
  return (
    <section class="notice" aria-label="What this graph can’t tell">
      <span>{missing}</span>
      <Refresh why="Made again from flow logs with GRAPH_EDGES=parquet, it can tell more." />
    </section>
  );
}

function missingOf({ graph, links, other }: GraphView): string | undefined {
  if (graph.conversations === 0) return undefined;
  const isTimeless = graph.unknown.includes("first");
  const all = [...links, ...other];
  const isUndirected = all.length > 0 && all.every(({ served }) => !served);
  if (isTimeless && isUndirected)
    return "This graph doesn’t tell when its conversations took place, nor which end served. There is no timeline, and what stands out may be missing.";
  if (isTimeless)
    return "This graph doesn’t tell when its conversations took place. There is no timeline, and what stands out may be missing.";
  return isUndirected ? "This graph doesn’t tell which end of a conversation served." : undefined;
}
