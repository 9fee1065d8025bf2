/** A line as the layers see it. */
export interface LayerEdge {
  readonly from: number;
  readonly to: number;
  /** How much its length matters. */
  readonly weight: number;
  /** Whether it says which box comes first. If not, it fits in. */
  readonly isGuide: boolean;
}

export interface LayerBox {
  /** Nothing is left of Internet clients, nor right of Internet servers. */
  readonly border: "left" | "right" | undefined;
}

/** So often boxes are moved nearer to what they are linked with. */
const SWEEPS = 12;

/**
 * Puts boxes into layers, so that lines lead from lower to higher ones; where they lead in circles, the first ones. No line
 * stays within a layer.
 *
 * @param edges those that matter most first; none from a box to itself
 * @returns the layer of each box, from 0, and whether a line leads back
 */
export function layersOf(
  boxes: readonly LayerBox[],
  edges: readonly LayerEdge[],
): {
  readonly layers: readonly number[];
  readonly isBackward: (edge: Pick<LayerEdge, "from" | "to">) => boolean;
} {
  const guides = acyclic(
    boxes.length,
    edges.filter(({ isGuide }) => isGuide),
  );
  const order = orderOf(boxes, guides, edges);
  const isBackward = ({ from, to }: Pick<LayerEdge, "from" | "to">) => (order[from] ?? 0) > (order[to] ?? 0);
  const layers = layered(
    boxes.length,
    edges.map((edge) => (isBackward(edge) ? turned(edge) : edge)),
  );
  const inside = layers.filter((_, box) => boxes[box]?.border === undefined);
  const first = Math.min(...inside);
  const last = Math.max(...inside);
  const before = boxes.some(({ border }) => border === "left") ? 1 : 0;
  // Beside the last ones, where these have no lines to it: a layer less is a column less.
  const right = (box: number): number => {
    const from = edges.flatMap((edge) => (edge.to === box ? edge.from : edge.from === box ? edge.to : []));
    return Math.max(last, ...from.map((other) => (layers[other] ?? 0) + 1));
  };
  return {
    isBackward,
    layers: layers.map((layer, box) => {
      const border = boxes[box]?.border;
      if (border === "left") return 0;
      if (border === undefined) return layer - first + before;
      return inside.length === 0 ? before : right(box) - first + before;
    }),
  };
}

/** A place for each box: after those that come first by the guides. What no guide tells of comes before its peers. */
function orderOf(
  boxes: readonly LayerBox[],
  guides: readonly LayerEdge[],
  edges: readonly LayerEdge[],
): readonly number[] {
  const layers = layered(boxes.length, guides);
  const guided = new Set(guides.flatMap(({ from, to }) => [from, to]));
  const place = (box: number): number => {
    const border = boxes[box]?.border;
    if (border !== undefined) return border === "left" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    return guided.has(box) ? (layers[box] ?? 0) : Math.min(...layers) - 1;
  };
  const peers = boxes.map((_, box) => edges.filter(({ from, to }) => from === box || to === box).length);
  const sorted = [...boxes.keys()].toSorted(
    (a, b) => compare(place(a), place(b)) || compare(peers[b] ?? 0, peers[a] ?? 0) || a - b,
  );
  const order: number[] = [];
  for (const [index, box] of sorted.entries()) order[box] = index;
  return order;
}

function compare(a: number, b: number): number {
  return a < b ? -1 : Number(a > b);
}

function turned(edge: LayerEdge): LayerEdge {
  return { ...edge, from: edge.to, to: edge.from };
}

/** Turns edges that would close a circle. */
function acyclic(size: number, edges: readonly LayerEdge[]): LayerEdge[] {
  const after = Array.from({ length: size }, (): number[] => []);
  return edges.map((edge) => {
    const forward = isReached(after, edge.to, edge.from) ? turned(edge) : edge;
    after[forward.from]?.push(forward.to);
    return forward;
  });
}

function isReached(after: readonly (readonly number[])[], from: number, to: number): boolean {
  const seen = new Set([from]);
  for (const box of seen) {
    if (box === to) return true;
    for (const next of after[box] ?? []) seen.add(next);
  }
  return false;
}

/** @param edges without circles */
function layered(size: number, edges: readonly LayerEdge[]): number[] {
  const layers = Array.from({ length: size }, () => 0);
  for (let isChanged = true; isChanged;) {
    isChanged = false;
    for (const { from, to } of edges) {
      const least = (layers[from] ?? 0) + 1;
      if ((layers[to] ?? 0) >= least) continue;
      layers[to] = least;
      isChanged = true;
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) tighten(layers, edges);
  return layers;
}

/** Moves each box, within what its lines allow, to where they are shortest. */
function tighten(layers: number[], edges: readonly LayerEdge[]): void {
  for (let box = 0; box < layers.length; box++) {
    const mine = edges.filter(({ from, to }) => from === box || to === box);
    if (mine.length === 0) continue;
    const before = mine.filter(({ to }) => to === box).map(({ from }) => layers[from] ?? 0);
    const behind = mine.filter(({ from }) => from === box).map(({ to }) => layers[to] ?? 0);
    const least = before.length === 0 ? Math.min(...behind) - 1 : Math.max(...before) + 1;
    const most = behind.length === 0 ? Math.max(...before) + 1 : Math.min(...behind) - 1;
    const lengthAt = (layer: number) =>
      mine.reduce((sum, { from, to, weight }) => {
        const other = layers[from === box ? to : from] ?? 0;
        return sum + weight * Math.abs(other - layer);
      }, 0);
    let best = layers[box] ?? 0;
    for (let layer = least; layer <= most; layer++) if (lengthAt(layer) < lengthAt(best)) best = layer;
    layers[box] = best;
  }
}
