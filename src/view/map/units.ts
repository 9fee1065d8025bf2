import type { Role } from "../node-hosts.js";
import type { ViewNode } from "../nodes.js";
import { frameOfNode, type FrameFacts } from "./box-facts.js";
import type { Area, MapFrame } from "./graph-map.js";

/** What is laid out as one: a box, or a frame around the parts of one that was opened. */
export type Unit = { readonly box: number } | Frame;

interface Frame {
  readonly facts: FrameFacts;
  readonly parts: Unit[];
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Between a frame and what is in it, and below its title. */
const PADDING = 10;
const TITLE = 30;
/** Between parts, one below the other. */
const GAP = 10;

/** Puts boxes that are parts of an opened node into its frame, and that into the frame it is part of. */
export function unitsOf(
  boxes: readonly { readonly node: ViewNode; readonly role: Role }[],
  opened: readonly ViewNode[],
): { readonly units: readonly Unit[]; readonly unitOf: readonly number[] } {
  const units: Unit[] = [];
  const frames = new Map<string, Frame & { readonly unit: number }>();
  const frameOf = (id: string, role: Role): (Frame & { readonly unit: number }) | undefined => {
    const key = JSON.stringify([id, role]);
    const node = opened.find((each) => each.id === id);
    let frame = frames.get(key);
    if (frame !== undefined || node === undefined) return frame;
    const around = node.parent === undefined ? undefined : frameOf(node.parent, role);
    frame = { facts: frameOfNode(node, role), parts: [], unit: around?.unit ?? units.length };
    (around?.parts ?? units).push(frame);
    frames.set(key, frame);
    return frame;
  };
  const unitOf = boxes.map(({ node, role }, box) => {
    const frame = node.parent === undefined ? undefined : frameOf(node.parent, role);
    return frame === undefined ? units.push({ box }) - 1 : (frame.parts.push({ box }), frame.unit);
  });
  return { units, unitOf };
}

export function boxesOf(unit: Unit): number[] {
  return "box" in unit ? [unit.box] : unit.parts.flatMap(boxesOf);
}

export function sizeOf(unit: Unit, boxes: readonly Size[]): Size {
  if ("box" in unit) return boxes[unit.box] ?? { width: 0, height: 0 };
  const sizes = unit.parts.map((part) => sizeOf(part, boxes));
  const width = Math.max(unit.facts.width, ...sizes.map((size) => size.width));
  const height = sizes.reduce((sum, size) => sum + size.height + GAP, -GAP);
  return { width: width + 2 * PADDING, height: TITLE + height + PADDING };
}

/**
 * Places what is in a unit: parts one below the other.
 *
 * @param area of the unit, at least as wide and high as `sizeOf` says
 * @param rank of a box: those of lower rank are above those of higher
 */
export function arrange(
  unit: Unit,
  area: Area,
  boxes: readonly Size[],
  rank: (box: number) => number,
  place: { readonly box: (box: number, area: Area) => void; readonly frame: (frame: MapFrame) => void },
): void {
  if ("box" in unit) {
    place.box(unit.box, area);
    return;
  }
  const { width: _, ...facts } = unit.facts;
  place.frame({ ...facts, ...area });
  const rankOf = (part: Unit): number => {
    const ranks = boxesOf(part).map(rank);
    return ranks.reduce((sum, each) => sum + each, 0) / ranks.length;
  };
  let y = area.y + TITLE;
  for (const part of unit.parts.toSorted((a, b) => rankOf(a) - rankOf(b))) {
    const { height } = sizeOf(part, boxes);
    arrange(part, { x: area.x + PADDING, y, width: area.width - 2 * PADDING, height }, boxes, rank, place);
    y += height + GAP;
  }
}
