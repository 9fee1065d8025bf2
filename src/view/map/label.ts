import { LABEL_ROW_HEIGHT } from "./graph-map.js";
import type { LineFacts } from "./line-facts.js";
import { lineParts } from "./line-text.js";
import { fittedText, textWidth } from "./text-width.js";

export const LABEL_FONT = { size: 11, isBold: true } as const;
const PADDING = 6;
/** Labels of a row more are narrower, and with them the map. Of many rows they are a tower: then rather wider. */
const WIDTHS = [100, 160, 240] as const;
const MOST_ROWS = 3;
const [, , MOST_WIDTH] = WIDTHS;
/** Room for a finding's number before a label. */
export const NUMBER_WIDTH = 18;
/** Above and below the rows, together. */
const MARGIN = 4;
const SEPARATOR = " · ";

/** What is written on a line. */
export interface Label {
  /** In one row. */
  readonly text: string;
  readonly rows: readonly string[];
  /** With the finding's number, and some room around. */
  readonly width: number;
  readonly height: number;
}

/** @param end where it leads, if no line does */
export function labelOf(line: LineFacts, end: string | undefined): Label {
  const number = line.number === undefined ? 0 : NUMBER_WIDTH;
  const parts = [...(end === undefined ? [] : [`${line.served ? "→" : "–"} ${end}`]), ...lineParts(line)];
  const tried = WIDTHS.map((width) => rowsOf(parts, width - number - 2 * PADDING));
  const rows = tried.find(({ length }) => length <= MOST_ROWS) ?? tried.at(-1) ?? [];
  const widest = Math.max(...rows.map((row) => textWidth(row, LABEL_FONT)));
  return {
    text: parts.join(SEPARATOR),
    rows,
    width: Math.ceil(widest + number + 2 * PADDING),
    height: rows.length * LABEL_ROW_HEIGHT + MARGIN,
  };
}

/** A part begins a row where there is no room for it behind the one before; services do within their part. */
function rowsOf(parts: readonly string[], room: number): readonly string[] {
  const rows: string[] = [];
  const add = (text: string, separator: string): void => {
    const before = rows.at(-1);
    const longer = before === undefined ? text : `${before}${separator}${text}`;
    if (before !== undefined && textWidth(longer, LABEL_FONT) <= room) rows[rows.length - 1] = longer;
    else rows.push(fittedText(text, LABEL_FONT, MOST_WIDTH));
  };
  for (const part of parts) {
    // Short ones aren't taken apart: `3.9 MB`, `45 ports`.
    const words = textWidth(part, LABEL_FONT) <= room ? [part] : part.split(" ");
    for (const [index, word] of words.entries()) add(word, index === 0 ? SEPARATOR : " ");
  }
  return rows;
}
