/** What is used of dagre's graph while it orders what is in its layers. */
export interface OrderedGraph {
  nodes(): readonly string[];
  node(key: string): { readonly rank?: number; order?: number };
  predecessors(key: string): readonly string[] | undefined;
  successors(key: string): readonly string[] | undefined;
}

const SWEEPS = 4;

/**
 * Puts what is in each layer near to what it is linked with, but leaves some nodes in an order that is given. dagre knows
 * constraints of this kind and breaks them where two nodes of a layer have no lines to the layer before.
 *
 * @param graph ordered without heed of it
 * @param rankOf of the nodes whose order is given: those of lower rank are above those of higher
 */
export function keepOrder(graph: OrderedGraph, rankOf: (key: string) => number | undefined): void {
  const layers: string[][] = [];
  for (const key of graph.nodes()) (layers[graph.node(key).rank ?? 0] ??= []).push(key);
  const orderOf = (key: string) => graph.node(key).order ?? 0;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isDown = sweep % 2 === 0;
    for (const layer of isDown ? layers : layers.toReversed()) {
      // dagre's ranks have gaps where nothing is.
      const keys = (layer as readonly string[] | undefined) ?? [];
      const wish = (key: string): number => {
        const linked = (isDown ? graph.predecessors(key) : graph.successors(key)) ?? [];
        if (linked.length === 0) return orderOf(key);
        return linked.reduce((sum, other) => sum + orderOf(other), 0) / linked.length;
      };
      const wishes = new Map(keys.map((key) => [key, wish(key)]));
      const ranked = keys.flatMap((key) => ({ key, rank: rankOf(key) ?? Number.NaN }));
      const fixed = ranked.filter(({ rank }) => !Number.isNaN(rank)).toSorted((a, b) => a.rank - b.rank);
      const granted = rising(fixed.map(({ key }) => wishes.get(key) ?? 0));
      for (const [index, { key }] of fixed.entries()) wishes.set(key, granted[index] ?? 0);
      const sorted = keys.toSorted(
        (a, b) =>
          (wishes.get(a) ?? 0) - (wishes.get(b) ?? 0) ||
          (rankOf(a) ?? Number.NaN) - (rankOf(b) ?? Number.NaN) ||
          orderOf(a) - orderOf(b),
      );
      for (const [order, key] of sorted.entries()) graph.node(key).order = order;
    }
  }
}

/** Numbers that don't fall, near to those that are given: between the greatest before and the least after. */
function rising(values: readonly number[]): number[] {
  return values.map((_, index) => {
    const before = Math.max(...values.slice(0, index + 1));
    const after = Math.min(...values.slice(index));
    return (before + after) / 2;
  });
}
