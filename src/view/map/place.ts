import { Graph, layout } from "@dagrejs/dagre";
import type { Area, Point } from "./graph-map.js";
import { keepOrder, type OrderedGraph } from "./keep-order.js";

type Size = Pick<Area, "width" | "height">;

/** A line between two boxes. */
export interface PlacedLine {
  readonly left: number;
  readonly right: number;
  /** How much its length matters. */
  readonly weight: number;
  readonly label: Size;
}

/** Labels may be so much nearer to each other than boxes. */
const LABEL_NEARNESS = 14;
/** Between boxes, and between lines, one below the other. */
const BOX_GAP = 22;
const LINE_GAP = 12;
/** Between a layer of boxes and a layer of labels: there lines bend. */
const BEND = 26;

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
 * @param layers of the boxes; no line stays within one
 * @param usual lines by which it is decided which box is above which, where these aren't to decide
 * @returns lines from left to right, without their ends
 */
export function place(
  boxes: readonly Size[],
  layers: readonly number[],
  lines: readonly PlacedLine[],
  usual?: readonly PlacedLine[],
): {
  readonly boxes: readonly Area[];
  readonly lines: readonly { readonly label: Point; readonly points: readonly Point[] }[];
} {
  const graph = graphOf(boxes, layers, lines);
  layout(graph, usual === undefined ? {} : { customOrder: orderLike(graphOf(boxes, layers, usual), boxes) });
  const columns = columnsOf(graph);
  const areas = boxes.map(({ height }, box): Area => {
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
  return {
    boxes: areas,
    lines: lines.map(({ left, right }, line) => {
      const { x = 0, y = 0 } = graph.node(labelKey(line));
      const before = pointsBetween(graph, boxKey(left), labelKey(line));
      const after = pointsBetween(graph, labelKey(line), boxKey(right));
      return { label: { x, y }, points: [...before, { x, y }, ...after].flatMap(across) };
    }),
  };
}

/** Orders each layer, boxes as they are in another graph. */
function orderLike(usual: LayoutGraph, boxes: readonly Size[]) {
  layout(usual);
  const heights = new Map([...boxes.keys()].map((box) => [boxKey(box), usual.node(boxKey(box)).y]));
  return (graph: OrderedGraph, order: (graph: OrderedGraph, options: object) => void): void => {
    order(graph, {});
    keepOrder(graph, (key) => heights.get(key));
  };
}

function graphOf(
  boxes: readonly Size[],
  layers: readonly number[],
  lines: readonly PlacedLine[],
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
  for (const [index, { left, right, weight, label }] of lines.entries()) {
    const [first, last] = [layers[left] ?? 0, layers[right] ?? 0];
    // The layer between two of boxes that is nearest to the middle.
    const layer = 2 * Math.floor((first + last - 1) / 2) + 1;
    add(labelKey(index), { layer, width: label.width, height: Math.max(0, label.height - LABEL_NEARNESS) });
    graph.setEdge(boxKey(left), labelKey(index), { weight });
    graph.setEdge(labelKey(index), boxKey(right), { weight });
  }
  return graph;
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
