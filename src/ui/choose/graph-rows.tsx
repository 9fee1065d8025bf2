import { Link } from "../frame/link.js";
import type { ListedGraph } from "../state/answers.js";
import { shownOf } from "../state/asked.js";
import { graphs } from "../state/graph.js";
import { place } from "../state/place.js";
import { scopeText } from "../state/scope.js";
import { lengthText, number, windowText, zoneName } from "../state/texts.js";

/** The graphs that are there, the newest window first. A service that keeps no list has none to show. */
export function GraphRows({ chosen }: { chosen?: () => void }) {
  const list = shownOf(graphs.value);
  if (list === undefined) return null;
  const { unlisted = 0 } = list;
  return (
    <section class="graphs" aria-labelledby="graphs">
      <h2 id="graphs">Graphs that are there</h2>
      {list.graphs.length === 0 && (
        <p class="hint">None yet. Choose a window above: it is made when you ask for it.</p>
      )}
      <ul>
        {list.graphs.map((graph) => (
          <li key={graph.id} onClick={chosen}>
            <Row graph={graph} />
          </li>
        ))}
      </ul>
      {unlisted > 0 && (
        <p class="hint">
          {number(unlisted)} more {unlisted === 1 ? "graph has" : "graphs have"} no known window: ask for a
          window to see it.
        </p>
      )}
    </section>
  );
}

function Row({ graph }: { graph: ListedGraph }) {
  const { window, scope = "", nodes, edges, incomplete, findings } = graph;
  const { window: shown, scope: shownScope } = place.value;
  const isHere = shown?.start === window.start && shown.stop === window.stop && shownScope === scope;
  const facts = [
    scope !== "" && scopeText(scope),
    lengthText(window),
    nodes !== undefined && `${number(nodes)} hosts`,
    edges !== undefined && `${number(edges)} edges`,
    incomplete === true && "incomplete",
  ];
  return (
    <Link
      class={isHere ? "graph here" : "graph"}
      change={{ window, scope, selected: undefined, against: undefined }}
    >
      <span>
        {windowText(window)} {zoneName()}
      </span>
      {findings === undefined ? (
        <span class="facts beside" title="Findings are counted when somebody opens the graph">
          not looked at yet
        </span>
      ) : (
        <Severities {...findings} />
      )}
      <span class="facts">{facts.filter((fact) => fact !== false).join(" · ")}</span>
    </Link>
  );
}

/** A bar of findings, by severity. */
function Severities(counts: Readonly<Record<"high" | "medium" | "low", number>>) {
  const all = (["high", "medium", "low"] as const).filter((severity) => counts[severity] > 0);
  const text = all.map((severity) => `${counts[severity]} ${severity}`).join(", ");
  return (
    <span
      class="severities"
      role="img"
      aria-label={text === "" ? "no findings" : `findings: ${text}`}
      title={text}
    >
      {all.flatMap((severity) =>
        Array.from({ length: Math.min(counts[severity], 8) }, (_, at) => <i key={at} class={severity} />),
      )}
    </span>
  );
}
