import type { View } from "../../src/view/view.js";
import { LINK_COLUMNS, linkRows } from "../../src/view/format/columns.js";
import { joined, type ViewFormat } from "../../src/view/format/format.js";

const SHOWN = new Set(["from_label", "to_label", "services", "client_bytes", "server_bytes"]);
const COLUMNS = LINK_COLUMNS.filter(({ name }) => SHOWN.has(name));

/** A table in Markdown. */
export const markdown: ViewFormat = {
  mediaType: "text/markdown; charset=utf-8",
  write: (view) => joined(lines(view)),
};

function* lines(view: View): Generator<string> {
  yield row(COLUMNS.map(({ name }) => name));
  yield row(COLUMNS.map(() => "---"));
  for (const { link, nodes, kind } of linkRows(view)) {
    yield row(COLUMNS.map(({ cell }) => String(cell(link, nodes, kind) ?? "")));
  }
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
}
