import type { View } from "../view.js";
import { weightStep } from "../weight.js";
import { boxOfNode, otherBox, type BoxFacts } from "./box-facts.js";
import { DrawnNodes, MAX_LINES, tooLarge } from "./drawn-nodes.js";
import {
  BOX_PADDING,
  type Area,
  type GraphMap,
  type MapBox,
  type MapFrame,
  type MapLine,
  type Point,
} from "./graph-map.js";
import { labelOf, type Label } from "./label.js";
import { layoutOf, type LayoutLine } from "./layout.js";
import { bytesOf, linesOf, type LineFacts } from "./line-facts.js";
import { isMostlyRejected, lineTitle } from "./line-text.js";
import { boxesOf, unitsOf } from "./units.js";

const MARGIN = 4;
const GAP = 26;

/**
 * Draws a view as a map: boxes in layers from clients to servers, the Internet's at the borders. The same view gives the
 * same map. What is opened is a frame at its node's place; the rest stays in its layer, and above what it was above.
 *
 * @throws MapTooLargeError when there is more to draw than anybody could read
 */
export function mapOf(view: View): GraphMap {
  const nodes = new DrawnNodes(view);
  const all = linesOf(view, (node, role) => nodes.boxOf(node, role));
  if (all.length > MAX_LINES && nodes.areHosts()) throw tooLarge();
  const { units, unitOf } = unitsOf(nodes.all, view.nodes.opened ?? []);
  const unitOfBox = (box: number) => unitOf[box] ?? 0;
  const isWithin = ({ fromBox, toBox }: LineFacts) => unitOfBox(fromBox) === unitOfBox(toBox);
  const lines = all.slice(0, MAX_LINES).map((facts) => labelled(facts, isWithin(facts), nodes));
  const within = (box: number) => lines.filter((line) => line.isWithin && line.facts.fromBox === box);
  const boxes = nodes.all.map(({ number, role }, box) =>
    boxOfNode(
      view,
      number,
      role,
      within(box).map(({ label }) => label),
    ),
  );
  const between = lines.filter((line) => !line.isWithin);
  const laid = layoutOf(
    units.map((unit) => ({ unit, border: nodes.borderOf(boxesOf(unit)[0] ?? 0) })),
    unitOf,
    boxes,
    between.map(({ facts, label }) => layoutLine(facts, label)),
    units.length === boxes.length
      ? undefined
      : linesOf(view, (node, role) => unitOfBox(nodes.boxOf(node, role)))
          .filter(({ fromBox, toBox }) => fromBox !== toBox)
          .map((facts) => layoutLine(facts, { width: 0, height: 0 })),
  );
  const mapBoxes = boxes.map((box, index) => boxAt(box, laid.boxes[index] ?? NOWHERE));
  const places = new Map<LabelledLine, LinePlace | undefined>([
    ...between.map((line, index) => [line, laid.lines[index]] as const),
    ...mapBoxes.flatMap((box, index) => withinPlaces(box, within(index))),
  ]);
  const mapLines = lines.map((line) =>
    lineOf(view, line, mapBoxes, places.get(line) ?? { points: [], labelArea: NOWHERE }),
  );
  return framed(laid.frames, mapBoxes, mapLines, otherOf(view, all.slice(MAX_LINES)));
}

interface LabelledLine {
  readonly facts: LineFacts;
  /** Within a box or a frame: it is a label alone. */
  readonly isWithin: boolean;
  readonly label: Label;
}

type LinePlace = Pick<MapLine, "points" | "labelArea">;

const NOWHERE: Area = { x: 0, y: 0, width: 0, height: 0 };

function labelled(facts: LineFacts, isWithin: boolean, nodes: DrawnNodes): LabelledLine {
  const { fromBox, toBox } = facts;
  const end = isWithin && fromBox !== toBox ? nodes.titleOf(toBox) : undefined;
  return { facts, isWithin, label: labelOf(facts, end) };
}

function layoutLine(facts: LineFacts, label: Pick<Label, "width" | "height">): LayoutLine {
  return {
    from: facts.fromBox,
    to: facts.toBox,
    weight: weightOf(facts),
    // What nobody serves or let pass doesn't tell who comes first.
    isGuide: facts.served && facts.accepted,
    label,
  };
}

function boxAt(box: BoxFacts, area: Area): MapBox {
  return { ...box, ...area };
}

function lineOf(
  view: View,
  { facts, label }: LabelledLine,
  boxes: readonly MapBox[],
  place: LinePlace,
): MapLine {
  const [from, to] = [boxes[facts.fromBox], boxes[facts.toBox]];
  const finding = facts.number === undefined ? undefined : view.findings?.[facts.number - 1]?.title;
  return {
    from: from?.id ?? "",
    to: to?.id ?? "",
    links: facts.links,
    finding: facts.finding,
    number: facts.number,
    flag: facts.flag,
    isRejected: isMostlyRejected(facts),
    served: facts.served,
    step: weightStep(bytesOf(facts)),
    label: label.text,
    labelRows: label.rows,
    ...place,
    title: lineTitle(facts, from?.title ?? "", to?.title ?? "", finding),
  };
}

/** How much it matters that a line is short. */
function weightOf({ served, accepted, flag }: LineFacts): number {
  if (flag !== undefined) return 6;
  return served && accepted ? 3 : 1;
}

/** Below the rows of the box. */
function withinPlaces(box: MapBox, lines: readonly LabelledLine[]): [LabelledLine, LinePlace][] {
  let y = box.y + box.rowsHeight;
  return lines.map((line) => {
    const { width, height } = line.label;
    const labelArea = { x: box.x + BOX_PADDING, y, width, height };
    y += height;
    return [line, { points: [], labelArea }];
  });
}

/** What no line shows: what the view folded, and lines beyond those that are drawn. */
function otherOf(view: View, left: readonly LineFacts[]): BoxFacts | undefined {
  const others = Array.from({ length: view.other.size }, (_, link) => view.other.at(link));
  const all = [...others, ...left];
  if (all.length === 0) return undefined;
  return otherBox(
    all.reduce((sum, { rows }) => sum + rows, 0),
    all.reduce((sum, link) => sum + bytesOf(link), 0n),
    all.reduce((sum, { rejectedRows }) => sum + rejectedRows, 0),
    view.rows === "flows" ? "edge" : "conversation",
  );
}

/** Moves all so that it begins at the upper left corner, in tenths of pixels. What is left over comes below. */
function framed(
  frames: readonly MapFrame[],
  boxes: readonly MapBox[],
  lines: readonly MapLine[],
  rest: BoxFacts | undefined,
): GraphMap {
  const areas = [...frames, ...boxes, ...lines.map(({ labelArea }) => labelArea)];
  const points = [
    ...areas.flatMap(({ x, y, width, height }) => [
      { x, y },
      { x: x + width, y: y + height },
    ]),
    ...lines.flatMap(({ points }) => points),
  ];
  const left = Math.min(...points.map(({ x }) => x));
  const top = Math.min(...points.map(({ y }) => y));
  const moved = ({ x, y }: Point): Point => ({ x: tenths(x - left + MARGIN), y: tenths(y - top + MARGIN) });
  const movedBoxes = boxes.map((box) => ({ ...box, ...moved(box), width: tenths(box.width) }));
  if (rest !== undefined) {
    const y = points.length === 0 ? MARGIN : Math.max(...points.map(({ y }) => moved({ x: 0, y }).y)) + GAP;
    movedBoxes.push({ ...rest, x: MARGIN, y });
  }
  const all = [
    ...points.map(moved),
    ...movedBoxes.map((box) => ({ x: box.x + box.width, y: box.y + box.height })),
  ];
  return {
    width: Math.max(0, ...all.map(({ x }) => x)) + MARGIN,
    height: Math.max(0, ...all.map(({ y }) => y)) + MARGIN,
    frames: frames.map((frame) => ({ ...frame, ...moved(frame), width: tenths(frame.width) })),
    boxes: movedBoxes,
    lines: lines.map((line) => ({
      ...line,
      points: line.points.map(moved),
      labelArea: { ...line.labelArea, ...moved(line.labelArea) },
    })),
  };
}

function tenths(value: number): number {
  return Math.round(10 * value) / 10;
}
