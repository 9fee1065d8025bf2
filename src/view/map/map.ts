import type { Role } from "../node-hosts.js";
import type { View } from "../view.js";
import { weightStep } from "../weight.js";
import { boxOfNode, otherBox, PADDING, type BoxFacts } from "./box-facts.js";
import {
  MapTooLargeError,
  type Area,
  type GraphMap,
  type MapBox,
  type MapLine,
  type Point,
} from "./graph-map.js";
import { bytesOf, linesOf, type LineFacts } from "./line-facts.js";
import { isMostlyRejected, lineLabel, lineTitle } from "./line-text.js";
import { LABEL_HEIGHT, place } from "./place.js";
import { fittedText, textWidth } from "./text-width.js";

/** More than that nobody can read. */
const MAX_BOXES = 60;
const MAX_LINES = 120;
export const LABEL_FONT = { size: 11, isBold: true } as const;
const LABEL_PADDING = 6;
const MOST_LABEL_WIDTH = 240;
/** Room for a finding's number before a label. */
export const NUMBER_WIDTH = 18;
const MARGIN = 4;
const GAP = 26;

/**
 * Draws a view as a map: boxes in layers from clients to servers, the Internet's at the borders. The same view gives the
 * same map.
 *
 * @throws MapTooLargeError when there is more to draw than anybody could read
 */
export function mapOf(view: View): GraphMap {
  const nodes = new DrawnNodes(view);
  const all = linesOf(view, (node, role) => nodes.boxOf(node, role));
  if (all.length > MAX_LINES && nodes.areHosts()) throw tooLarge();
  const lines = all.slice(0, MAX_LINES).map((facts) => labelled(facts));
  const boxes = nodes.all.map(({ node, role }, index) => {
    const within = lines.filter(({ facts }) => isWithin(facts) && facts.fromBox === index);
    return boxOfNode(
      view,
      node,
      role,
      within.map(({ labelWidth }) => ({ width: labelWidth, height: LABEL_HEIGHT })),
    );
  });
  const between = lines.filter(({ facts }) => !isWithin(facts));
  const placed = place(
    boxes.map(({ width, height }, index) => ({ width, height, border: nodes.borderOf(index) })),
    between.map(({ facts, labelWidth }) => ({
      from: facts.fromBox,
      to: facts.toBox,
      weight: weightOf(facts),
      // What nobody serves or let pass doesn't tell who comes first.
      isGuide: facts.served && facts.accepted,
      labelWidth,
    })),
  );
  const mapBoxes = boxes.map((box, index) => boxAt(box, placed.boxes[index] ?? NOWHERE));
  const places = new Map<LabelledLine, LinePlace | undefined>([
    ...between.map((line, index) => [line, placed.lines[index]] as const),
    ...mapBoxes.flatMap((box, index) =>
      withinPlaces(
        box,
        lines.filter(({ facts }) => isWithin(facts) && facts.fromBox === index),
      ),
    ),
  ]);
  const rest = otherOf(view, all.slice(MAX_LINES));
  const mapLines = lines.map((line) =>
    lineOf(view, line, mapBoxes, places.get(line) ?? { points: [], labelArea: NOWHERE }),
  );
  return framed(mapBoxes, mapLines, rest);
}

interface LabelledLine {
  readonly facts: LineFacts;
  readonly label: string;
  readonly labelWidth: number;
}

type LinePlace = Pick<MapLine, "points" | "labelArea">;

const NOWHERE: Area = { x: 0, y: 0, width: 0, height: 0 };

/** The nodes that are drawn, each a box; of the Internet one where they are clients, and one where they serve. */
class DrawnNodes {
  readonly #view: View;
  readonly #numbers = new Map<string, number>();
  readonly all: { readonly node: number; readonly role: Role }[] = [];

  constructor(view: View) {
    this.#view = view;
  }

  boxOf(node: number, end: "from" | "to"): number {
    const role = this.#view.nodes.at(node).side === "internet" ? end : "either";
    const key = `${node} ${role}`;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.all.length;
      if (number === MAX_BOXES) throw tooLarge();
      this.#numbers.set(key, number);
      this.all.push({ node, role });
    }
    return number;
  }

  borderOf(box: number): "left" | "right" | undefined {
    const role = this.all[box]?.role;
    return role === "from" ? "left" : role === "to" ? "right" : undefined;
  }

  areHosts(): boolean {
    return this.all.every(({ node }) => this.#view.nodes.at(node).kind === "host");
  }
}

function tooLarge(): MapTooLargeError {
  return new MapTooLargeError(
    `expected at most ${MAX_BOXES} boxes and ${MAX_LINES} lines, for nobody could read a picture of more: try group=auto, top=50, or a narrower where=`,
  );
}

function labelled(facts: LineFacts): LabelledLine {
  const number = facts.number === undefined ? 0 : NUMBER_WIDTH;
  const label = fittedText(lineLabel(facts), LABEL_FONT, MOST_LABEL_WIDTH);
  return { facts, label, labelWidth: Math.ceil(textWidth(label, LABEL_FONT) + number + 2 * LABEL_PADDING) };
}

function isWithin({ fromBox, toBox }: LineFacts): boolean {
  return fromBox === toBox;
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
    label,
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
  const top = box.y + box.rowsHeight;
  return lines.map((line, index) => [
    line,
    {
      points: [],
      labelArea: {
        x: box.x + PADDING,
        y: top + index * LABEL_HEIGHT,
        width: line.labelWidth,
        height: LABEL_HEIGHT,
      },
    },
  ]);
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
function framed(boxes: readonly MapBox[], lines: readonly MapLine[], rest: BoxFacts | undefined): GraphMap {
  const areas = [...boxes, ...lines.map(({ labelArea }) => labelArea)];
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
