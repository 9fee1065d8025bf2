import { bytesText } from "../amount-text.js";
import type { FlagKind } from "../marks.js";
import { markWidth } from "../map/box-facts.js";
import {
  BOX_PADDING,
  LABEL_ROW_HEIGHT,
  type BoxRow,
  type GraphMap,
  type MapBox,
  type MapFrame,
  type MapLine,
} from "../map/graph-map.js";
import { LABEL_FONT, NUMBER_WIDTH } from "../map/label.js";
import { mapOf } from "../map/map.js";
import { pathOf } from "../map/path.js";
import { mapSentences, windowText } from "../map/sentences.js";
import { textWidth, wrappedText } from "../map/text-width.js";
import type { View } from "../view.js";
import { WEIGHT_STEPS } from "../weight.js";
import type { ViewFormat } from "./format.js";
import { escaped } from "./xml.js";

const MARGIN = 24;
const LEAST_WIDTH = 960;
const LINE_WIDTHS = [1.2, 2, 3.2, 4.8, 6.8] as const;
const MOST_FINDINGS = 5;

/** A picture that stands alone: no script, nothing from elsewhere; light and dark. */
export const svg = {
  mediaType: "image/svg+xml; charset=utf-8",
  *write(view) {
    const map = mapOf(view);
    const width = Math.max(LEAST_WIDTH, Math.ceil(map.width) + 2 * MARGIN);
    const header = headerOf(view, map, width);
    const top = header.height;
    const legendY = top + Math.ceil(map.height) + 30;
    const height = legendY + MARGIN;
    const title = `Who talks to whom, ${windowText(view.window)}`;
    yield `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">
<title id="title">${escaped(title)}</title>
<desc id="desc">${escaped(describe(view, map))}</desc>
<style>${STYLE}</style>
<rect class="canvas" width="${width}" height="${height}"/>
${header.text}`;
    yield `<g transform="translate(${Math.floor((width - map.width) / 2)} ${top})">\n`;
    for (const frame of map.frames) yield frameText(frame);
    // What is flagged lies on top.
    const lines = map.lines.toReversed();
    for (const line of lines) yield lineText(line);
    for (const box of map.boxes) yield boxText(box);
    for (const line of lines) yield labelText(line);
    yield `</g>\n${legendText(legendY)}</svg>\n`;
  },
} satisfies ViewFormat;

/** Colours of light and of dark, each contrasting with what it stands on. */
const STYLE = `
svg{--canvas:#fff;--ink:#17202b;--muted:#556170;--line:#93a1b1;--arrow:#7b8a9b;--inside:#eef4fc;--inside-edge:#a9c1e3;--net:#fff6e3;--net-edge:#e2bd72;--other:#f3f4f6;--other-edge:#c3cad3;--flagged:#c01627;--flagged-fill:#fdeeee;--reached:#a85800;--reached-fill:#fff1df;--badge:#fff}
@media(prefers-color-scheme:dark){svg{--canvas:#11161d;--ink:#e8edf3;--muted:#9dabba;--line:#6a7888;--arrow:#8796a6;--inside:#182536;--inside-edge:#3d5a80;--net:#2c2415;--net-edge:#7d632c;--other:#1c222b;--other-edge:#4a5563;--flagged:#ff6b72;--flagged-fill:#3a1a1f;--reached:#f0a34a;--reached-fill:#35240f;--badge:#11161d}}
text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:var(--ink)}
.canvas{fill:var(--canvas)}
.window{font-size:16px;font-weight:700}.facts,.legend text,.subtitle,.more{fill:var(--muted)}.facts{font-size:12px}
.finding{font-size:13px}.title{font-size:13px;font-weight:700}.subtitle,.more{font-size:11px}.host{font-size:12px}.legend text{font-size:11px}
.box rect{stroke-width:1.2;fill:var(--inside);stroke:var(--inside-edge)}
.internet rect{fill:var(--net);stroke:var(--net-edge)}.other rect{fill:var(--other);stroke:var(--other-edge);stroke-dasharray:4 3}
.frame rect{fill:none;stroke:var(--inside-edge);stroke-width:1.2;stroke-dasharray:2 3}.frame.internet rect{stroke:var(--net-edge)}
.box.flagged rect{stroke:var(--flagged);stroke-width:2}.box.reached rect{stroke:var(--reached);stroke-width:2}
.line path{fill:none;stroke:var(--line);stroke-linejoin:round}.line .head{stroke:none;fill:var(--arrow)}
.line.flagged path{stroke:var(--flagged)}.line.reached path{stroke:var(--reached)}
.line.flagged .head{stroke:none;fill:var(--flagged)}.line.reached .head{stroke:none;fill:var(--reached)}
.line.rejected path{stroke-dasharray:6 4}
.line:hover path{stroke:var(--ink)}
.label rect{fill:var(--canvas);opacity:.92}.label text{font-size:11px;fill:var(--muted)}.within rect{fill:none}
.label.flagged text,text.flagged{fill:var(--flagged);font-weight:700}.label.reached text,text.reached{fill:var(--reached);font-weight:700}
.mark.flagged,.number.flagged circle{fill:var(--flagged)}.mark.reached,.number.reached circle{fill:var(--reached)}
.number text,.label .number text{font-size:10px;font-weight:700;fill:var(--badge);text-anchor:middle}
`;

function headerOf(view: View, map: GraphMap, width: number): { text: string; height: number } {
  const room = width - 2 * MARGIN;
  let y = 34;
  const parts = [`<text class="window" x="${MARGIN}" y="${y}">${escaped(windowText(view.window))}</text>\n`];
  y += 4;
  for (const line of wrappedText(mapSentences(view, map).join(" · "), { size: 12 }, room)) {
    y += 18;
    parts.push(`<text class="facts" x="${MARGIN}" y="${y}">${escaped(line)}</text>\n`);
  }
  const findings = (view.findings ?? []).filter(({ title }) => title !== undefined);
  y += findings.length > 0 ? 8 : 0;
  for (const [index, { title = "", kind = "flagged" }] of findings.slice(0, MOST_FINDINGS).entries()) {
    const lines = wrappedText(title, { size: 13 }, room - 22);
    for (const [at, line] of lines.entries()) {
      y += at === 0 ? 22 : 18;
      if (at === 0) parts.push(numberText(index + 1, kind, MARGIN + 8, y - 4));
      parts.push(`<text class="finding" x="${MARGIN + 22}" y="${y}">${escaped(line)}</text>\n`);
    }
  }
  if (findings.length > MOST_FINDINGS) {
    y += 20;
    parts.push(
      `<text class="facts" x="${MARGIN + 22}" y="${y}">and ${findings.length - MOST_FINDINGS} more findings</text>\n`,
    );
  }
  return { text: parts.join(""), height: y + 24 };
}

/** The picture in words: what it is of, and what was found. */
function describe(view: View, map: GraphMap): string {
  const findings = (view.findings ?? []).flatMap(({ title }) => title ?? []).slice(0, MOST_FINDINGS);
  return [
    `${mapSentences(view, map).join("; ")}.`,
    ...findings.map((title, index) => `${index + 1}: ${title}.`),
    "Boxes are hosts or groups of hosts, with clients on the left and servers on the right. Lines are their traffic: the wider a line, the more bytes.",
  ].join(" ");
}

function boxText({ x, y, width, height, side, flag, rows, title, subtitle }: MapBox): string {
  const texts = rows.map((row) => rowText(row)).join("");
  return `<g class="box ${side} ${flag ?? ""}" transform="translate(${x} ${y})"><title>${escaped([title, subtitle].filter(Boolean).join("\n"))}</title><rect width="${width}" height="${height}" rx="8"/><svg width="${width}" height="${height}">${texts}</svg></g>\n`;
}

function rowText(row: BoxRow): string {
  const { kind, text, full, flag, baseline } = row;
  const x = BOX_PADDING + markWidth(row);
  const mark = flag === undefined ? "" : markText(flag, BOX_PADDING + 5, baseline - 4);
  const title = full === undefined ? "" : `<title>${escaped(full)}</title>`;
  return `${mark}<text class="${kind} ${flag ?? ""}" x="${x}" y="${baseline}">${title}${escaped(text)}</text>`;
}

function frameText({ x, y, width, height, side, title, full, subtitle }: MapFrame): string {
  const whole = [full ?? title, subtitle].filter(Boolean).join("\n");
  return `<g class="frame ${side}" transform="translate(${x} ${y})"><title>${escaped(whole)}</title><rect width="${width}" height="${height}" rx="10"/><text class="title" x="${BOX_PADDING}" y="20">${escaped(title)}</text></g>\n`;
}

/** A triangle, or a diamond: no mark is known by its colour alone. */
function markText(flag: FlagKind, x: number, y: number): string {
  const path =
    flag === "flagged" ? `M${x} ${y - 5}l5.5 9.5h-11z` : `M${x} ${y - 5.5}l5.5 5.5l-5.5 5.5l-5.5-5.5z`;
  return `<path class="mark ${flag}" d="${path}"/>`;
}

function numberText(number: number, flag: FlagKind, x: number, y: number): string {
  return `<g class="number ${flag}"><circle cx="${x}" cy="${y}" r="7.5"/><text x="${x}" y="${y + 3.6}">${number}</text></g>`;
}

function lineText({ points, step, flag, isRejected, served, title }: MapLine): string {
  const end = points.at(-1);
  const before = points.at(-2);
  if (end === undefined || before === undefined) return "";
  const width = LINE_WIDTHS[step] ?? 1;
  const head = served ? headOf(end, before.x < end.x ? 1 : -1, width) : undefined;
  const path = pathOf(head === undefined ? points : [...points.slice(0, -1), head.base]);
  return `<g class="line ${flag ?? ""} ${isRejected ? "rejected" : ""}"><title>${escaped(title)}</title><path d="${path}" stroke-width="${width}"/>${head === undefined ? "" : `<path class="head" d="${head.path}"/>`}</g>\n`;
}

/** The line ends where its head begins. */
function headOf({ x, y }: { x: number; y: number }, direction: 1 | -1, width: number) {
  const length = 7 + width;
  const half = 3 + 0.7 * width;
  const base = x - direction * length;
  return {
    base: { x: base, y },
    path: `M${x} ${y}L${base} ${round(y - half)}V${round(y + half)}z`,
  };
}

function labelText({ labelRows, labelArea, flag, number, title, points }: MapLine): string {
  const { x, y, width, height } = labelArea;
  const badge = number !== undefined && number <= MOST_FINDINGS ? NUMBER_WIDTH : 0;
  const textX = round(x + (width + badge) / 2);
  const widest = Math.max(...labelRows.map((row) => textWidth(row, LABEL_FONT)));
  const left = round(x + (width - widest - badge) / 2);
  const within = points.length === 0 ? "within" : "";
  const first = y + height / 2 + 4 - ((labelRows.length - 1) * LABEL_ROW_HEIGHT) / 2;
  const rows = labelRows
    .map((row, index) => {
      const baseline = round(first + index * LABEL_ROW_HEIGHT);
      return `<text x="${textX}" y="${baseline}" text-anchor="middle">${escaped(row)}</text>`;
    })
    .join("");
  return `<g class="label ${flag ?? ""} ${within}"><title>${escaped(title)}</title><rect x="${x}" y="${round(y + 1)}" width="${width}" height="${height - 2}" rx="8"/>${badge > 0 ? numberText(number ?? 0, flag ?? "flagged", left + 8, round(y + height / 2)) : ""}${rows}</g>\n`;
}

function legendText(y: number): string {
  let x = MARGIN;
  const parts: string[] = [];
  const add = (width: number, sign: string, text: string): void => {
    parts.push(`${sign}<text x="${x + width + 7}" y="${y + 4}">${escaped(text)}</text>`);
    x += width + 7 + textWidth(text, { size: 11 }) + 22;
  };
  for (let step = 0; step < WEIGHT_STEPS; step++) {
    const most = 10_000 * 100 ** step;
    const text = step === WEIGHT_STEPS - 1 ? "more" : `to ${bytesText(most)}`;
    add(24, line(x, LINE_WIDTHS[step] ?? 1, ""), text);
  }
  add(24, line(x, 1.6, "rejected"), "✕ mostly rejected");
  add(12, markText("flagged", x + 6, y), "flagged");
  add(12, markText("reached", x + 6, y), "reached from a flagged host");
  return `<g class="legend">${parts.join("\n")}</g>\n`;

  function line(x: number, width: number, kind: string): string {
    return `<g class="line ${kind}"><path d="M${x} ${y}h24" stroke-width="${width}"/></g>`;
  }
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}
