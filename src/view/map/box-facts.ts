import { bytesText, countText } from "../amount-text.js";
import type { FlagKind } from "../marks.js";
import type { Role } from "../node-hosts.js";
import type { ViewNode } from "../nodes.js";
import type { View } from "../view.js";
import { BOX_PADDING, MARK_WIDTH, type BoxRow, type MapBox, type MapFrame } from "./graph-map.js";
import { fittedText, textWidth } from "./text-width.js";

/** A box before it is placed. */
export type BoxFacts = Omit<MapBox, "x" | "y">;

/** How many hosts of a group are written in its box. */
const MOST_HOSTS = 6;
/** Room for what opens a box, behind its second row; for what closes a frame, behind its title. */
const SIGN_WIDTH = 22;
const LEAST_ROOM = 92;
const MOST_ROOM = 196;
const FONTS = {
  title: { size: 13, isBold: true },
  subtitle: { size: 11 },
  host: { size: 12 },
  more: { size: 11 },
} as const;
const ROW_HEIGHTS = { title: 19, subtitle: 17, host: 17, more: 16 } as const;
const TOP = 7;
const BOTTOM = 8;
/** From a row's upper edge to where its letters stand. */
const ASCENT = 13;

/** A row before it is measured: the text may be cut, `tail` rather before it. */
type RowText = Pick<BoxRow, "kind" | "flag"> & { readonly text: string; readonly tail?: string };

/** Where the label of a line from a box to itself stands: below its other rows. */
export interface WithinLabel {
  readonly width: number;
  readonly height: number;
}

export function boxOfNode(
  view: View,
  node: number,
  role: Role,
  within: readonly WithinLabel[] = [],
): BoxFacts {
  const facts = view.nodes.at(node);
  const { count, first } = view.hostsOf(node, role, MOST_HOSTS);
  const isHost = facts.kind === "host";
  const flag = worstOf(first.map((host) => host.flag));
  const title = facts.label;
  const subtitle = subtitleOf(facts, count, isHost ? first[0]?.address : undefined);
  const rows: RowText[] = [
    { kind: "title", text: title, flag: isHost ? flag : undefined },
    ...(subtitle === "" ? [] : [{ kind: "subtitle", text: subtitle, flag: undefined } as const]),
  ];
  if (!isHost) {
    for (const { address, name, flag } of first) {
      const tail = name === undefined || name === facts.label ? "" : ` ${name}`;
      rows.push({ kind: "host", text: address, tail, flag });
    }
    if (count > first.length)
      rows.push({
        kind: "more",
        text: `+ ${(count - first.length).toLocaleString("en-US")} more`,
        flag: undefined,
      });
  }
  const id = role === "to" ? `${facts.id} as server` : facts.id;
  return { id, node: facts.id, side: facts.side, title, subtitle, flag, ...boxRows(rows, within) };
}

/** A frame before it is placed, with the room that its title takes. */
export type FrameFacts = Omit<MapFrame, "x" | "y" | "width" | "height"> & { readonly width: number };

export function frameOfNode(node: ViewNode, role: Role): FrameFacts {
  const font = fontOf({ kind: "title", flag: undefined });
  const subtitle = subtitleOf(node, node.hosts, undefined);
  const title = fittedText(node.label, font, MOST_ROOM - SIGN_WIDTH, "end");
  return {
    id: role === "to" ? `${node.id} as server` : node.id,
    node: node.id,
    side: node.side,
    title,
    full: title === node.label ? undefined : node.label,
    subtitle,
    width: Math.ceil(textWidth(title, font) + SIGN_WIDTH),
  };
}

/** What no line shows. */
export function otherBox(rows: number, bytes: bigint, rejected: number, what: string): BoxFacts {
  const texts: RowText[] = [
    { kind: "title", text: "Other", flag: undefined },
    { kind: "subtitle", text: "not drawn", flag: undefined },
    { kind: "host", text: countText(rows, what), flag: undefined },
    { kind: "host", text: bytesText(Number(bytes)), flag: undefined },
    ...(rejected > 0
      ? [{ kind: "host", text: `✕ ${rejected.toLocaleString("en-US")} rejected`, flag: undefined } as const]
      : []),
  ];
  return {
    id: "other",
    node: undefined,
    side: "other",
    title: "Other",
    subtitle: "not drawn",
    flag: undefined,
    ...boxRows(texts),
  };
}

function subtitleOf(
  { kind, side, label, parent }: ViewNode,
  count: number,
  address: string | undefined,
): string {
  const hosts = countText(count, "host");
  const where = side === "internet" && kind !== "internet" && parent === undefined ? "Internet" : "";
  if (kind === "host") return [where, address === label ? "" : (address ?? "")].filter(Boolean).join(" · ");
  const what = kind === "vpc" || kind === "subnet" || kind === "account" || kind === "interface" ? kind : "";
  return [where, what, hosts].filter(Boolean).join(" · ");
}

function worstOf(flags: readonly (FlagKind | undefined)[]): FlagKind | undefined {
  return flags.includes("flagged") ? "flagged" : flags.find((flag) => flag !== undefined);
}

function boxRows(
  texts: readonly RowText[],
  within: readonly WithinLabel[] = [],
): Pick<MapBox, "rows" | "rowsHeight" | "width" | "height"> {
  const widths = texts.map(
    (row) =>
      markWidth(row) + textWidth(wholeOf(row), fontOf(row)) + (row.kind === "subtitle" ? SIGN_WIDTH : 0),
  );
  const wanted = Math.min(MOST_ROOM, Math.max(LEAST_ROOM, ...widths));
  const room = Math.ceil(Math.max(wanted, ...within.map(({ width }) => width)));
  let y = TOP;
  const rows = texts.map((row): BoxRow => {
    const baseline = y + ASCENT;
    y += ROW_HEIGHTS[row.kind];
    const whole = wholeOf(row);
    const text = shortened(row, room - markWidth(row));
    return { kind: row.kind, text, full: text === whole ? undefined : whole, flag: row.flag, baseline };
  });
  const rowsHeight = y;
  for (const { height } of within) y += height;
  return { rows, rowsHeight, width: room + 2 * BOX_PADDING, height: y + BOTTOM };
}

function fontOf({ kind, flag }: Pick<BoxRow, "kind" | "flag">): {
  readonly size: number;
  readonly isBold?: boolean;
} {
  return { ...FONTS[kind], ...(flag === undefined ? {} : { isBold: true }) };
}

export function markWidth({ flag }: Pick<BoxRow, "flag">): number {
  return flag === undefined ? 0 : MARK_WIDTH;
}

function wholeOf({ text, tail = "" }: RowText): string {
  return `${text}${tail}`;
}

/** An address is worth more than the name after it. */
function shortened(row: RowText, room: number): string {
  const font = fontOf(row);
  const whole = wholeOf(row);
  if (textWidth(whole, font) <= room) return whole;
  if (row.kind !== "host") return fittedText(whole, font, room, "end");
  const rest = room - textWidth(row.text, font);
  if (rest > textWidth(" abcd…", font)) return `${row.text}${fittedText(row.tail ?? "", font, rest)}`;
  return fittedText(row.text, font, room, "middle");
}
