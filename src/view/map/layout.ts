import type { Area, MapFrame, Point } from "./graph-map.js";
import { layersOf, type LayerBox, type LayerEdge } from "./layers.js";
import { place, type PlacedLine } from "./place.js";
import { heightOfPorts, portsOf } from "./ports.js";
import { arrange, sizeOf, type Unit } from "./units.js";

/** Between boxes, or between units. */
export interface LayoutLine extends LayerEdge {
  readonly label: Pick<Area, "width" | "height">;
}

interface LaidOut {
  readonly boxes: readonly Area[];
  readonly frames: readonly MapFrame[];
  readonly lines: readonly { readonly points: readonly Point[]; readonly labelArea: Area }[];
}

const NOWHERE: Area = { x: 0, y: 0, width: 0, height: 0 };

/**
 * Lays out a map: units in layers, boxes in units, lines from box to box.
 *
 * @param unitOf of each box
 * @param boxes at least so large
 * @param lines those that matter most first; none within a unit
 * @param closed lines between units, as they are where none is opened: by these the units have their layers and order
 */
export function layoutOf(
  units: readonly (LayerBox & { readonly unit: Unit })[],
  unitOf: readonly number[],
  boxes: readonly Pick<Area, "width" | "height">[],
  lines: readonly LayoutLine[],
  closed?: readonly LayoutLine[],
): LaidOut {
  const between = evened(
    lines.map((line) => ({ ...line, from: unitOf[line.from] ?? 0, to: unitOf[line.to] ?? 0 })),
  );
  const { layers, isBackward } = layersOf(units, closed ?? between);
  const turned = ({ from, to, ...line }: LayoutLine): PlacedLine =>
    isBackward({ from, to }) ? { ...line, left: to, right: from } : { ...line, left: from, right: to };
  const isTurned = between.map(isBackward);
  const ends = lines.map(({ from, to }, line) =>
    isTurned[line] === true ? { left: to, right: from } : { left: from, right: to },
  );
  const sizes = boxes.map(({ width, height }, box) => {
    const sides = (["left", "right"] as const).map(
      (side) => ends.filter((pair) => pair[side] === box).length,
    );
    return { width, height: Math.max(height, heightOfPorts(Math.max(...sides))) };
  });
  const bundles = bundlesOf(between);
  const placed = place(
    units.map(({ unit }) => sizeOf(unit, sizes)),
    layers,
    between.map(turned),
    closed?.map(turned),
  );
  const heights = heightsOf(bundles, placed.lines);
  const areas = boxes.map(() => NOWHERE);
  const frames: MapFrame[] = [];
  const rank = (box: number): number => {
    const mine = heights.filter((_, line) => ends[line]?.left === box || ends[line]?.right === box);
    return mine.reduce((sum, y) => sum + y, 0) / mine.length || Infinity;
  };
  for (const [index, { unit }] of units.entries()) {
    arrange(unit, placed.boxes[index] ?? NOWHERE, sizes, rank, {
      box: (box, area) => (areas[box] = area),
      frame: (frame) => frames.push(frame),
    });
  }
  const inner = untangled(bundles, placed.lines, (line) => {
    const { left = 0, right = 0 } = ends[line] ?? {};
    return [areas[left]?.y ?? 0, areas[right]?.y ?? 0];
  });
  const ports = portsOf(
    areas,
    ends.map(({ left, right }, line) => ({ left, right, points: inner[line]?.points ?? [] })),
  );
  return {
    boxes: areas,
    frames,
    lines: inner.map(({ label, points }, line) => {
      const [start, end] = ports[line] ?? [label, label];
      const all = [start, ...points, end];
      const { width, height } = lines[line]?.label ?? NOWHERE;
      return {
        points: isTurned[line] === true ? all.toReversed() : all,
        labelArea: { x: label.x - width / 2, y: label.y - height / 2, width, height },
      };
    }),
  };
}

/** Lines between the same units, which take the same way. */
function bundlesOf(lines: readonly LayerEdge[]): readonly (readonly number[])[] {
  const bundles = new Map<string, number[]>();
  for (const [line, { from, to }] of lines.entries()) {
    const key = from < to ? `${from} ${to}` : `${to} ${from}`;
    const bundle = bundles.get(key);
    if (bundle === undefined) bundles.set(key, [line]);
    else bundle.push(line);
  }
  return [...bundles.values()];
}

/** Of each bundle all labels are as high: lines may change their places. */
function evened(lines: readonly LayoutLine[]): readonly LayoutLine[] {
  const all = [...lines];
  for (const bundle of bundlesOf(lines)) {
    const height = Math.max(...bundle.map((line) => lines[line]?.label.height ?? 0));
    for (const line of bundle) {
      const each = lines[line];
      if (each !== undefined) all[line] = { ...each, label: { ...each.label, height } };
    }
  }
  return all;
}

type Inner = { readonly label: Point; readonly points: readonly Point[] };

/** Of each line how high the labels of its bundle are. */
function heightsOf(bundles: readonly (readonly number[])[], lines: readonly Inner[]): number[] {
  const heights: number[] = [];
  for (const bundle of bundles) {
    const sum = bundle.reduce((sum, line) => sum + (lines[line]?.label.y ?? 0), 0);
    for (const line of bundle) heights[line] = sum / bundle.length;
  }
  return heights;
}

/** Within a bundle lines change places, so that they don't cross: the line between the uppermost boxes is above the others. */
function untangled(
  bundles: readonly (readonly number[])[],
  lines: readonly Inner[],
  heightsOf: (line: number) => readonly [number, number],
): readonly Inner[] {
  const all = [...lines];
  for (const bundle of bundles) {
    const places = bundle.toSorted((a, b) => (lines[a]?.label.y ?? 0) - (lines[b]?.label.y ?? 0));
    const wanted = places.toSorted((a, b) => {
      const [leftA, rightA] = heightsOf(a);
      const [leftB, rightB] = heightsOf(b);
      return leftA - leftB || rightA - rightB;
    });
    for (const [index, line] of wanted.entries()) {
      const place = lines[places[index] ?? line];
      if (place !== undefined) all[line] = place;
    }
  }
  return all;
}
