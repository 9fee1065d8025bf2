import type { View } from "../view.js";
import { type Cell, LINK_COLUMNS, linkRows } from "./columns.js";
import { joined, type ViewFormat } from "./format.js";
import { timeText } from "./time.js";

/** A line a link, those that fold the rest included, after a header. RFC 4180. */
export const csv: ViewFormat = {
  mediaType: "text/csv; charset=utf-8; header=present",
  write: (view) => joined(lines(view)),
};

function* lines(view: View): Generator<string> {
  yield `${LINK_COLUMNS.map(({ name }) => name).join()}\r\n`;
  for (const { link, nodes, kind } of linkRows(view)) {
    const cells = LINK_COLUMNS.map(({ cell, type }) => {
      const value = cell(link, nodes, kind);
      return cellText(type === "seconds" && typeof value === "number" ? timeText(value) : value);
    });
    yield `${cells.join()}\r\n`;
  }
}

/**
 * A spreadsheet takes a cell that begins like this for a formula, whatever quotes are around it; an apostrophe before it
 * keeps it a text. https://owasp.org/www-community/attacks/CSV_Injection
 */
const FORMULA = /^[=+\-@\t\r\n]/;

function cellText(value: Cell): string {
  if (typeof value !== "string") return value === undefined ? "" : String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
