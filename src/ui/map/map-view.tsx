import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { GraphMap, MapBox, MapLine } from "../../view/map/graph-map.js";
import { NothingLeft } from "../filter/nothing-left.js";
import type { GraphView } from "../state/answers.js";
import { shownOf } from "../state/asked.js";
import { findings } from "../state/graph.js";
import { go, place } from "../state/place.js";
import { lineKey } from "../state/selection.js";
import { Box } from "./box.js";
import { Frame } from "./frame.js";
import { Legend } from "./legend.js";
import { Line } from "./line.js";
import { settle, watchDoubleClicks } from "./opening.js";
import { scrollToSelected } from "./scroll-to-selected.js";
import { Tip, type Tipped } from "./tip.js";
import { fitWidth, Zoom } from "./zoom.js";

/** What the pointer or the focus is on. */
const tipped = signal<Tipped | undefined>(undefined);

/** The map as the service lays it out: text, focus and screen readers work in it. */
export function MapView({ view, map }: { view: GraphView; map: GraphMap }) {
  if (map.boxes.length === 0) return <NothingLeft />;
  const lit = litOf(view, map);
  const canvas = useRef<HTMLDivElement>(null);
  const { selected } = place.value;
  useEffect(watchDoubleClicks, []);
  useLayoutEffect(() => {
    if (canvas.current !== null) settle(canvas.current);
  }, [map]);
  useEffect(() => {
    if (selected === undefined || canvas.current === null) return;
    const nodes = map.boxes.filter((box) => isSelectedBox(box)).map(({ node }) => node);
    scrollToSelected(canvas.current, new Set(nodes));
    // With the findings comes the drawer of one.
  }, [selected, map, shownOf(findings.value)]);
  const drawn = (lines: readonly MapLine[]) =>
    lines.map((line) => (
      <Line
        key={keyOf(line)}
        line={line}
        status={statusOf(line, view)}
        isLit={lit?.lines.has(line) === true}
        isSelected={isSelectedLine(line, view)}
        tip={(at) => {
          tipped.value = at && { ...at, text: line.title, line };
        }}
        select={() => go({ selected: { kind: "line", key: linkKeyOf(line, view) } })}
      />
    ));
  return (
    <div class="map">
      <div class="canvas" ref={canvas} tabindex={0} role="region" aria-label="Map">
        <svg
          viewBox={`-8 -4 ${map.width + 16} ${map.height + 8}`}
          style={{ width: fitWidth(map.width + 16) }}
          class={lit === undefined ? "" : "dimmed"}
          role="group"
          aria-label="Groups of hosts, with clients on the left and servers on the right, and their traffic"
          onPointerLeave={() => {
            tipped.value = undefined;
          }}
        >
          {map.frames.map((frame) => (
            <Frame key={`frame ${frame.id}`} frame={frame} />
          ))}
          <g key={place.value.open} class="lines">
            {drawn(map.lines.filter(({ points }) => points.length > 0).toReversed())}
          </g>
          {map.boxes.map((box) => (
            <Box
              key={box.id}
              box={box}
              view={view}
              isLit={lit?.boxes.has(box.id) === true}
              tip={(isOn) => {
                tipped.value = isOn ? { x: 0, y: 0, text: "", box } : undefined;
              }}
            />
          ))}
          {drawn(map.lines.filter(({ points }) => points.length === 0))}
        </svg>
      </div>
      <Legend />
      <Zoom />
      <Tip tipped={tipped.value} />
    </div>
  );
}

function keyOf({ from, to, finding, served }: MapLine): string {
  return JSON.stringify([from, to, finding, served]);
}

function linkKeyOf({ links }: MapLine, view: GraphView): string {
  const link = view.links[links[0] ?? 0];
  return link === undefined ? "" : lineKey(link);
}

/** What became of all of it since the other window. */
function statusOf({ links }: MapLine, view: GraphView): "new" | "gone" | undefined {
  const all = links.flatMap((at) => view.links[at] ?? []);
  if (all.every(({ statuses, rows }) => statuses?.new === rows)) return "new";
  return all.every(({ statuses, rows }) => statuses?.gone === rows) ? "gone" : undefined;
}

function isSelectedLine(line: MapLine, view: GraphView): boolean {
  const { selected } = place.value;
  return selected?.kind === "line" && line.links.some((at) => isKey(view, at, selected.key));
}

function isKey(view: GraphView, at: number, key: string): boolean {
  const link = view.links[at];
  return link !== undefined && lineKey(link) === key;
}

interface Lit {
  readonly lines: ReadonlySet<MapLine>;
  readonly boxes: ReadonlySet<string>;
}

/** What stands out while something is looked at: its lines, and the boxes at their ends. Undefined: all alike. */
function litOf(view: GraphView, { boxes, lines }: GraphMap): Lit | undefined {
  const at = tipped.value;
  const { selected } = place.value;
  const isOn = (box: MapBox): boolean =>
    at === undefined ? isSelectedBox(box) : at.box !== undefined && at.box.id === box.id;
  const on = new Set(boxes.filter(isOn).map(({ id }) => id));
  const isLit = (line: MapLine): boolean => {
    if (at?.line !== undefined) return keyOf(at.line) === keyOf(line);
    if (on.size > 0) return on.has(line.from) || on.has(line.to);
    if (selected?.kind === "line") return isSelectedLine(line, view);
    return selected?.kind === "finding" && line.finding === selected.key;
  };
  const litLines = new Set(lines.filter(isLit));
  if (litLines.size === 0) return undefined;
  const ends = [...litLines].flatMap(({ from, to }) => [from, to]);
  return { lines: litLines, boxes: new Set([...on, ...ends]) };
}

function isSelectedBox(box: MapBox): boolean {
  const { selected } = place.value;
  if (selected?.kind === "box") return box.node === selected.key;
  if (selected?.kind !== "host") return false;
  const hosts = box.rows.filter(({ kind }) => kind === "host");
  return box.node === selected.key || hosts.some(({ text }) => text.split(" ")[0] === selected.key);
}
