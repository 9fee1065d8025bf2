import { Graph, layout } from "@dagrejs/dagre";
import type { Area, Point } from "./graph-map.js";
import { layersOf, type LayerBox, type LayerEdge } from "./layers.js";
import { heightOfPorts, portsOf } from "./ports.js";

export interface PlacedBox extends LayerBox {
  readonly width: number;
  readonly height: number;
}

export interface PlacedLine extends LayerEdge {
  readonly labelWidth: number;
}

export const LABEL_HEIGHT = 18;
/** As dagre knows it: labels may be nearer to each other than boxes. */
const LABEL_ROOM = 4;
/** Between boxes, and between lines, one below the other. */
const BOX_GAP = 22;
const LINE_GAP = 12;
/** Between a layer of boxes and a layer of labels: there lines bend. */
const BEND = 44;

interface LayoutNode {
  readonly layer: number;
  readonly width: number;
  readonly height: number;
  x?: number;
  y?: number;
}
interface LayoutEdge {
  readonly weight: number;
  points?: Point[];
}
/** What is used of dagre's graph, whose own types NodeNext doesn't find. */
interface LayoutGraph {
  setGraph(label: object): void;
  setNode(key: string, label: LayoutNode): void;
  setEdge(from: string, to: string, label: LayoutEdge): void;
  nodes(): readonly string[];
  node(key: string): LayoutNode;
  edge(from: string, to: string): LayoutEdge;
}
/** What a function that ranks is given. */
interface RankedGraph {
  nodes(): readonly string[];
  node(key: string): { rank?: number };
}

/**
 * Places boxes and lines of a layered map: dagre decides what is above what, and how high. Each label has a place of its
 * own among the boxes, in a layer between theirs, so that nothing lies on it, nor on a box.
 *
 * @param lines those that matter most first; none from a box to itself
 */
export function place(
  boxes: readonly PlacedBox[],
  lines: readonly PlacedLine[],
): {
  readonly boxes: readonly Area[];
  readonly lines: readonly { readonly points: readonly Point[]; readonly labelArea: Area }[];
} {
  const { layers, isBackward } = layersOf(boxes, lines);
  const ends = lines.map((line, index) => endsOf(line, isBackward[index] === true));
  const high = boxes.map(({ width, height }, box) => {
    const sides = [0, 1].map((side) => ends.filter((pair) => pair[side] === box).length);
    return { width, height: Math.max(height, heightOfPorts(Math.max(...sides))) };
  });
  const graph = graphOf(high, lines, layers, ends);
  layout(graph);
  const columns = columnsOf(graph);
  const areas = high.map(({ height }, box): Area => {
    const { x = 0, y = 0, layer } = graph.node(boxKey(box));
    const width = columns.get(layer)?.width ?? 0;
    return { x: x - width / 2, y: y - height / 2, width, height };
  });
  const widths = new Map([...columns.values()].map(({ x, width }) => [Math.round(x), width]));
  /** Level across a column, so that no line cuts a box or a label. Between columns lines bend. */
  const across = ({ x, y }: Point): Point[] => {
    const width = widths.get(Math.round(x));
    if (width === undefined) return [];
    return [
      { x: x - width / 2, y },
      { x: x + width / 2, y },
    ];
  };
  const inner = lines.map((line, index) => {
    const [left, right] = ends[index] ?? [line.from, line.to];
    const { x = 0, y = 0 } = graph.node(labelKey(index));
    const before = pointsBetween(graph, boxKey(left), labelKey(index));
    const after = pointsBetween(graph, labelKey(index), boxKey(right));
    return { left, right, label: { x, y }, points: [...before, { x, y }, ...after].flatMap(across) };
  });
  const ports = portsOf(areas, inner);
  return {
    boxes: areas,
    lines: inner.map(({ label, points }, index) => {
      const [start, end] = ports[index] ?? [label, label];
      const all = [start, ...points, end];
      const width = lines[index]?.labelWidth ?? 0;
      return {
        points: isBackward[index] === true ? all.toReversed() : all,
        labelArea: { x: label.x - width / 2, y: label.y - LABEL_HEIGHT / 2, width, height: LABEL_HEIGHT },
      };
    }),
  };
}

function graphOf(
  boxes: readonly Pick<PlacedBox, "width" | "height">[],
  lines: readonly PlacedLine[],
  layers: readonly number[],
  ends: readonly (readonly [number, number])[],
): LayoutGraph {
  const graph: LayoutGraph = new Graph({ multigraph: true });
  const ranks = new Map<string, number>();
  graph.setGraph({
    rankdir: "LR",
    nodesep: BOX_GAP,
    edgesep: LINE_GAP,
    // Halved by dagre, which has labels of its own in every other rank.
    ranksep: BEND,
    ranker(ranked: RankedGraph) {
      for (const key of ranked.nodes()) ranked.node(key).rank = ranks.get(key) ?? 0;
    },
  });
  const add = (key: string, node: LayoutNode): void => {
    ranks.set(key, 2 * node.layer);
    graph.setNode(key, node);
  };
  for (const [box, { width, height }] of boxes.entries()) {
    add(boxKey(box), { layer: 2 * (layers[box] ?? 0), width, height });
  }
  for (const [index, line] of lines.entries()) {
    const [left, right] = ends[index] ?? [line.from, line.to];
    const [first, last] = [layers[left] ?? 0, layers[right] ?? 0];
    // The layer between two of boxes that is nearest to the middle.
    const layer = 2 * Math.floor((first + last - 1) / 2) + 1;
    add(labelKey(index), { layer, width: line.labelWidth, height: LABEL_ROOM });
    graph.setEdge(boxKey(left), labelKey(index), { weight: line.weight });
    graph.setEdge(labelKey(index), boxKey(right), { weight: line.weight });
  }
  return graph;
}

function endsOf({ from, to }: LayerEdge, isBackward: boolean): readonly [number, number] {
  return isBackward ? [to, from] : [from, to];
}

/** Where a line passes other layers. */
function pointsBetween(graph: LayoutGraph, from: string, to: string): Point[] {
  return (graph.edge(from, to).points ?? []).slice(1, -1);
}

/** By layer. */
function columnsOf(graph: LayoutGraph): Map<number, { readonly x: number; readonly width: number }> {
  const columns = new Map<number, { x: number; width: number }>();
  for (const key of graph.nodes()) {
    const { layer, x = 0, width } = graph.node(key);
    columns.set(layer, { x, width: Math.max(width, columns.get(layer)?.width ?? 0) });
  }
  return columns;
}

function boxKey(box: number): string {
  return `box ${box}`;
}

function labelKey(line: number): string {
  return `label ${line}`;
}
