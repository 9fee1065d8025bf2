import type { FlagKind } from "../marks.js";

/** Between a box's edge and its texts; for a mark before a text. */
export const BOX_PADDING = 10;
export const MARK_WIDTH = 15;
/** How far the rows of a label are apart. */
export const LABEL_ROW_HEIGHT = 14;

/** A place, in pixels from the map's upper left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Area extends Point {
  readonly width: number;
  readonly height: number;
}

/** A line of text in a box. */
export interface BoxRow {
  readonly kind: "title" | "subtitle" | "host" | "more";
  /** As there is room for. */
  readonly text: string;
  /** The whole of it, where it was shortened. */
  readonly full: string | undefined;
  readonly flag: FlagKind | undefined;
  /** Where the letters stand, from the box's upper edge. */
  readonly baseline: number;
}

/** A node of the view, or what is left over. */
export interface MapBox extends Area {
  readonly id: string;
  /** The id of the node. A node of the Internet may be two boxes: where it is client, and where it serves. */
  readonly node: string | undefined;
  readonly side: "inside" | "internet" | "other";
  readonly title: string;
  readonly subtitle: string;
  /** The gravest of its hosts'. */
  readonly flag: FlagKind | undefined;
  readonly rows: readonly BoxRow[];
  /** How far down they reach; below are labels of lines from the box to itself. */
  readonly rowsHeight: number;
}

/** What is around the parts of a node that was opened. */
export interface MapFrame extends Area {
  readonly id: string;
  /** The id of the node. */
  readonly node: string;
  readonly side: "inside" | "internet";
  readonly title: string;
  /** The whole of it, where it was shortened. */
  readonly full: string | undefined;
  readonly subtitle: string;
}

/** Links of the view between two boxes. */
export interface MapLine {
  /** Ids of boxes. One and the same where hosts of a group talk to each other. */
  readonly from: string;
  readonly to: string;
  /** Their places in the view's `links`. */
  readonly links: readonly number[];
  readonly finding: string | undefined;
  readonly flag: FlagKind | undefined;
  /** Whether most of its conversations were rejected: it is dashed. */
  readonly isRejected: boolean;
  /** Whether `to` serves; if not, the line has no arrow. */
  readonly served: boolean;
  /** How wide it is drawn, from 0 to 4, by its bytes. */
  readonly step: number;
  /** From `from` to `to`; between each two of them the line leaves and arrives level. None within a box or a frame. */
  readonly points: readonly Point[];
  readonly label: string;
  /** The label as there is room for. */
  readonly labelRows: readonly string[];
  readonly labelArea: Area;
  /** The place of its finding among the view's, counted from 1. */
  readonly number: number | undefined;
  /** All that there is to say of it, some lines. */
  readonly title: string;
}

/** The layered map of a view: clients left, servers right. */
export interface GraphMap {
  readonly width: number;
  readonly height: number;
  /** The outer ones first. */
  readonly frames: readonly MapFrame[];
  readonly boxes: readonly MapBox[];
  readonly lines: readonly MapLine[];
}

/** A picture that nobody could read. The message says what would do. */
export class MapTooLargeError extends Error {
  override name = "MapTooLargeError";
}
