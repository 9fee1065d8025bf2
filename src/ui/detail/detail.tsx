import { computed } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { serviceText } from "../state/service-text.js";
import type { GraphView, Link } from "../state/answers.js";
import { asked, shownOf } from "../state/asked.js";
import { hostTerm, termTexts, withTerm } from "../state/filter.js";
import { flagOf } from "../state/flags.js";
import { findings, grouped, viewQuery } from "../state/graph.js";
import { go, place } from "../state/place.js";
import { withOpened } from "../state/open.js";
import { findingTerm, lineKey } from "../state/selection.js";
import { bytes, clock, number, rejectedOf, sentBytes } from "../state/texts.js";
import { HostButton } from "../table/host-button.js";

/** Conversations that the drawer lists at most. */
const MOST = 60;

interface About {
  readonly title: string;
  readonly facts: string;
  /** The filter that shows it, by itself. */
  readonly where: string;
  readonly host: string | undefined;
  /** The id of a group that can be shown one level finer. */
  readonly opens?: string;
}

/** What is selected. Undefined: nothing, or what isn't there. */
const about = computed((): About | undefined => {
  const { selected } = place.value;
  const view = shownOf(grouped.value);
  if (selected === undefined || view === undefined) return undefined;
  const { kind, key } = selected;
  if (kind === "host") return { title: key, facts: "", where: hostTerm(key), host: key };
  if (kind === "finding") {
    const finding = shownOf(findings.value)?.findings.find(({ id }) => id === key);
    if (finding === undefined) return undefined;
    const facts = [finding.severity, `ATT&CK ${finding.technique}`].join(" · ");
    return { title: finding.title, facts, where: findingTerm(key), host: undefined };
  }
  if (kind === "box") {
    const node = view.nodes.find(({ id }) => id === key);
    if (node === undefined) return undefined;
    const facts = `${number(node.hosts)} ${node.hosts === 1 ? "host" : "hosts"}`;
    return { title: node.label, facts, where: node.where, host: undefined, opens: node.id };
  }
  const link = view.links.find((each) => lineKey(each) === key);
  if (link === undefined) return undefined;
  const label = (id: string) => view.nodes.find((node) => node.id === id)?.label ?? id;
  const title = `${label(link.from)} ${link.served ? "→" : "–"} ${label(link.to)}`;
  return { title, facts: "", where: link.where, host: undefined };
});

const inside = asked<GraphView>(
  computed(() => {
    if (about.value === undefined) return undefined;
    const where = joined(place.value.where, about.value.where);
    return viewQuery({ ...place.value, where }, { format: "json", group: "host", top: String(MOST) });
  }),
);

/** Two filters as one, each term once. */
function joined(a: string, b: string): string {
  return termTexts(b).reduce(withTerm, a);
}

/** The drawer: what is selected, what it carried, and what one can do with it. */
export function Detail() {
  const it = about.value;
  if (it === undefined) return null;
  return <Drawer about={it} />;
}

function Drawer({ about: it }: { about: About }) {
  const drawer = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const opener = document.activeElement;
    const opened = drawer.current;
    return () => {
      // The focus goes back to where it came from, rather than away with the drawer.
      if (opened?.contains(document.activeElement) !== true) return;
      if (opener instanceof HTMLElement || opener instanceof SVGElement) opener.focus();
    };
  }, []);
  const view = shownOf(inside.value);
  return (
    <aside ref={drawer} class={it.opens === undefined ? "detail" : "detail box"} aria-labelledby="detail">
      <div class="head">
        <h2 id="detail">{it.title}</h2>
        <button
          type="button"
          class="button close"
          aria-label="Close"
          onClick={() => go({ selected: undefined })}
        >
          ×
        </button>
      </div>
      <p class="hint">{[it.facts, view && seenText(view)].filter(Boolean).join(" · ")}</p>
      <Actions about={it} />
      {view === undefined ? <p class="hint">Looking …</p> : <Conversations view={view} host={it.host} />}
    </aside>
  );
}

function seenText({ links, other }: GraphView): string {
  const all = [...links, ...other];
  const first = all.flatMap(({ first }) => first ?? []).toSorted()[0];
  const last = all
    .flatMap(({ last }) => last ?? [])
    .toSorted()
    .at(-1);
  return first === undefined || last === undefined
    ? ""
    : `first ${clock(first, true)}, last ${clock(last, true)}`;
}

function add(term: string): void {
  go({ where: joined(place.value.where, term) });
}

function Actions({ about: { where, host, opens } }: { about: About }) {
  return (
    <div class="actions" role="group" aria-label="What to do with it">
      <button type="button" class="button" onClick={() => add(where)}>
        Only this
      </button>
      {opens !== undefined && (
        <button
          type="button"
          class="button"
          onClick={() => go({ view: "map", open: withOpened(place.value.open, opens), selected: undefined })}
        >
          Open on the map
        </button>
      )}
      {host !== undefined && (
        <>
          {(["1", "2"] as const).map((hops) => (
            <button type="button" key={hops} class="button" onClick={() => go({ around: host, hops })}>
              and {hops === "1" ? "1 hop" : "2 hops"}
            </button>
          ))}
          <button type="button" class="button" onClick={() => add(hostTerm(host, "from"))}>
            What it reaches
          </button>
          <button
            type="button"
            class="button"
            onClick={() => {
              add(`-${hostTerm(host)}`);
              go({ selected: undefined }, "replace");
            }}
          >
            Hide
          </button>
        </>
      )}
    </div>
  );
}

function Conversations({ view, host }: { view: GraphView; host: string | undefined }) {
  const { links, left } = view;
  const flaggedFirst = links.toSorted(
    (a, b) => Number(b.finding !== undefined) - Number(a.finding !== undefined),
  );
  return (
    <>
      <table>
        <caption class="hidden">Its conversations</caption>
        <thead>
          <tr>
            <th scope="col">{host === undefined ? "Client → server" : "With"}</th>
            <th scope="col">Service</th>
            <th scope="col" class="number">
              Carried
            </th>
          </tr>
        </thead>
        <tbody>
          {flaggedFirst.map((link, index) => (
            <tr key={index} class={flagOf(link.finding)}>
              <td>
                <Ends link={link} view={view} host={host} />
              </td>
              <td>{link.services.map(serviceText).join(", ")}</td>
              <td class="number">
                <Carried link={link} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {left.folded.rows > 0 && <p class="hint">and {number(left.folded.rows)} smaller ones</p>}
    </>
  );
}

/** Both ends, or the other one: an arrow leads to the one that serves. */
function Ends({ link, view, host }: { link: Link; view: GraphView; host: string | undefined }) {
  const { from, to, served } = link;
  const arrow = served ? "→" : "–";
  if (from === host) return <End sign={served ? "to" : "with"} arrow={arrow} id={to} view={view} />;
  if (to === host)
    return <End sign={served ? "from" : "with"} arrow={served ? "←" : "–"} id={from} view={view} />;
  return (
    <>
      <HostButton id={from} view={view} />
      <br />
      <End sign={served ? "to" : "with"} arrow={arrow} id={to} view={view} />
    </>
  );
}

function End({ sign, arrow, id, view }: { sign: string; arrow: string; id: string; view: GraphView }) {
  return (
    <>
      <span aria-hidden="true">{arrow} </span>
      <span class="hidden">{sign} </span>
      <HostButton id={id} view={view} />
    </>
  );
}

function Carried({ link }: { link: Link }) {
  const rejected = rejectedOf(link);
  return (
    <>
      {link.accepted && bytes(sentBytes(link))}
      {rejected > 0 && (
        <span class="count">
          {" "}
          ✕ {number(rejected)}
          <span class="hidden"> rejected</span>
        </span>
      )}
    </>
  );
}
