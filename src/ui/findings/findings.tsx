import type { Finding } from "../state/answers.js";
import { shownOf } from "../state/asked.js";
import { earlierFindings, findings } from "../state/graph.js";
import { flagOf } from "../state/flags.js";
import { go, place } from "../state/place.js";
import { clock } from "../state/texts.js";

const MARKS = { high: "▲", medium: "◆", low: "●" } as const;

/** What stands out, the most urgent first, ten at most. */
export function Findings() {
  const there = shownOf(findings.value);
  return (
    <section class="findings" aria-labelledby="findings">
      <h2 id="findings">What stands out</h2>
      {findings.value.state === "refused" && <p class="hint">{findings.value.message}</p>}
      {there === undefined && findings.value.state === "asking" && <p class="hint">Looking …</p>}
      {there !== undefined && (
        <>
          <ol>
            {there.findings.map((finding, index) => (
              <li key={finding.id}>
                <Item finding={finding} number={index + 1} />
              </li>
            ))}
          </ol>
          <p class="hint">{restText(there)}</p>
        </>
      )}
    </section>
  );
}

function Item({ finding, number }: { finding: Finding; number: number }) {
  const { selected, against } = place.value;
  const { id, severity, title, hosts, technique } = finding;
  const isSelected = selected?.kind === "finding" && selected.key === id;
  const earlier = shownOf(earlierFindings.value);
  const isNew = against !== undefined && earlier?.findings.every((other) => other.id !== id) === true;
  return (
    <button
      type="button"
      class={`finding ${severity} ${flagOf(id) ?? ""}`}
      aria-pressed={isSelected}
      onClick={() => go({ selected: isSelected ? undefined : { kind: "finding", key: id } })}
    >
      <span class="mark" aria-hidden="true">
        {markOf(finding)}
        <span class="place">{number}</span>
      </span>
      <span class="hidden">{severity}: </span>
      <span class="what">
        {isNew && <span class="new">new</span>}
        <Title text={title} actor={hosts[0] ?? ""} />
        <span class="facts">{[timesOf(finding), technique].filter((part) => part !== "").join(" · ")}</span>
      </span>
    </button>
  );
}

/** What a host did that a flagged one reached is marked as on the map. */
function markOf({ rule, severity }: Finding): string {
  return rule === "reached-from" ? "◆" : MARKS[severity];
}

/** A sentence in which the one whose doing it is stands out. */
function Title({ text, actor }: { text: string; actor: string }) {
  const at = actor === "" ? -1 : text.indexOf(actor);
  if (at < 0) return <span>{text}</span>;
  return (
    <span>
      {text.slice(0, at)}
      <strong>{actor}</strong>
      {text.slice(at + actor.length)}
    </span>
  );
}

function timesOf({ first, last }: Finding): string {
  if (first === null || last === null) return "";
  return `${clock(first)} to ${clock(last)}`;
}

function restText({
  findings,
  more,
  muted,
}: {
  findings: readonly Finding[];
  more: number;
  muted: number;
}): string {
  const parts = [
    more > 0 && `${more} more`,
    muted > 0 && `${muted} muted`,
    more === 0 && (findings.length === 0 ? "Nothing stands out in this window" : "Nothing else stands out"),
  ];
  return `${parts.filter((part) => part !== false).join(", ")}.`;
}
