import { DOMParser, type Element } from "@xmldom/xmldom";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { converse } from "../../src/view/converse.js";
import { json } from "../../src/view/format/json.js";
import { svg } from "../../src/view/format/svg.js";
import type { NameLookup } from "../../src/view/hosts.js";
import type { Area, GraphMap, Point } from "../../src/view/map/graph-map.js";
import { MapTooLargeError } from "../../src/view/map/graph-map.js";
import { mapOf } from "../../src/view/map/map.js";
import { textWidth } from "../../src/view/map/text-width.js";
import type { View } from "../../src/view/view.js";
import { batchesOf } from "../edges/rows.js";
import { drawnView, sampleWithTimes } from "./drawing.js";
import { edge, graphRows } from "./graphs.js";

const DRAWN = new Set(["svg", "title", "desc", "style", "rect", "g", "path", "text", "circle"]);
const sample = await converse(sampleWithTimes());

function written(view: View, format: "svg" | "json" = "svg"): string {
  return [...{ svg, json }[format].write(view)].join("");
}

function failUnlessWarned(level: string, message: string): void {
  if (level !== "warning") throw new Error(message);
}

/** Fails on what isn't well-formed. */
function parsed(text: string): Element {
  const root = new DOMParser({ onError: failUnlessWarned }).parseFromString(
    text,
    "image/svg+xml",
  ).documentElement;
  if (root === null) throw new Error("an empty document");
  return root;
}

function elements(root: Element, name: string): Element[] {
  return Array.from(root.getElementsByTagName(name));
}

function overlap(a: Area, b: Area): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** Pairs that lie on each other. */
function overlaps(areas: readonly Area[]): [Area, Area][] {
  return areas.flatMap((a, index) =>
    areas.slice(index + 1).flatMap((b): [Area, Area][] => (overlap(a, b) ? [[a, b]] : [])),
  );
}

/** What has to be true of any map. */
function expectReadable({ frames, boxes, lines, width, height }: GraphMap): void {
  const between = lines.filter(({ points }) => points.length > 0);
  expect(overlaps([...boxes, ...between.map(({ labelArea }) => labelArea)])).toEqual([]);
  for (const { from, to, points, labelArea } of lines) {
    const [start, end] = [boxes.find(({ id }) => id === from), boxes.find(({ id }) => id === to)];
    if (start === undefined || end === undefined) throw new Error("a line without a box");
    if (points.length === 0) expect(isInside(labelArea, start)).toBe(true);
    else {
      expect([touches(points.at(0), start), touches(points.at(-1), end)]).toEqual([true, true]);
      const crossed = boxes.filter((box) => box !== start && box !== end && crosses(points, box));
      expect(crossed).toEqual([]);
    }
  }
  for (const frame of frames) {
    expect(isInside(frame, { x: 0, y: 0, width, height })).toBe(true);
    // What it is around is inside, what it isn't around is outside, its title is clear of all.
    const { x, y } = frame;
    expect(boxes.filter((box) => overlap(box, frame) && !isInside(box, frame))).toEqual([]);
    expect(boxes.filter((box) => overlap(box, { x, y, width: frame.width, height: 28 }))).toEqual([]);
    expect(
      overlaps([frame, ...between.map(({ labelArea }) => labelArea)]).filter(([a]) => a === frame),
    ).toEqual([]);
    expect(textWidth(frame.title, { size: 13, isBold: true })).toBeLessThanOrEqual(frame.width - 30);
  }
  for (const box of boxes) {
    expect(isInside(box, { x: 0, y: 0, width, height })).toBe(true);
    for (const { text, flag, kind, baseline } of box.rows) {
      const size = { title: 13, host: 12, subtitle: 11, more: 11 }[kind];
      const isBold = kind === "title" || flag !== undefined;
      expect(textWidth(text, { size, isBold }) + (flag === undefined ? 20 : 35)).toBeLessThanOrEqual(
        box.width,
      );
      expect(baseline + 4).toBeLessThanOrEqual(box.height);
    }
  }
}

function isInside(a: Area, b: Area): boolean {
  return (
    a.x >= b.x - 0.1 &&
    a.y >= b.y - 0.1 &&
    a.x + a.width <= b.x + b.width + 0.1 &&
    a.y + a.height <= b.y + b.height + 0.1
  );
}

/** At its left or right side. */
function touches(point: Point | undefined, { x, y, width, height }: Area): boolean {
  if (point === undefined) return false;
  const isAtSide = Math.abs(point.x - x) < 0.2 || Math.abs(point.x - x - width) < 0.2;
  return isAtSide && point.y > y && point.y < y + height;
}

/** Where the line is level, and at the ends of where it bends. */
function crosses(points: readonly Point[], box: Area): boolean {
  return points.some((point, index) => {
    const next = points[index + 1] ?? point;
    const left = Math.min(point.x, next.x);
    const piece = { x: left, y: point.y, width: Math.abs(next.x - point.x), height: 0 };
    return point.y === next.y ? overlap(piece, box) : overlap({ ...point, width: 0, height: 0 }, box);
  });
}

test("the sample's four stories are lines of their own, named in the document", () => {
  const map = mapOf(drawnView(sample));
  const flagged = map.lines.filter(({ flag }) => flag !== undefined);
  expect(flagged.map(({ number, flag, from, to, label }) => [number, flag, from, to, label])).toEqual([
    [1, "flagged", "198.51.100.23", "10.20.0.10", "✕ 44 · 45 ports"],
    [1, "flagged", "198.51.100.23", "10.20.0.51", "✕ 44 · 44 ports"],
    [2, "flagged", "198.51.100.23", "10.20.0.51", "ssh · 1.4 MB"],
    [3, "reached", "10.20.0.51", "10.20.30.31", "postgresql · 3.9 MB"],
    [3, "reached", "10.20.0.51", "10.20.20.22", "ssh · 360 kB"],
    [4, "flagged", "10.20.20.22", "internet as server", "4444 · 37 MB"],
  ]);
  const root = parsed(written(drawnView(sample)));
  const texts = elements(root, "text").map(({ textContent }) => textContent);
  for (const said of ["✕ 44", "44 ports", "1.4 MB", "postgresql", "3.9 MB", "4444", "37 MB", "10.20.0.51"]) {
    expect(texts).toContain(said);
  }
  expect(texts[1]).toMatch(
    /^290 edges, 161 conversations \(28 logged twice, counted once\) · .* · 29 of 29 links drawn/,
  );
  expectReadable(map);
});

test("clients are left, servers right; the Internet is at the borders, and drawn twice where it is both", () => {
  const { boxes } = mapOf(drawnView(sample, { group: "24" }));
  const internet = boxes.filter(({ side }) => side === "internet");
  const lefts = boxes.filter(({ side }) => side === "inside").map(({ x }) => x);
  expect(internet.length).toBeGreaterThan(2);
  for (const { x } of internet) expect(x < Math.min(...lefts) || x >= Math.max(...lefts)).toBe(true);
});

test("the picture is well-formed, says what it is of, and has nothing from elsewhere", () => {
  const text = written(drawnView(sample));
  const root = parsed(text);
  expect([root.getAttribute("role"), root.getAttribute("aria-labelledby")]).toEqual(["img", "title desc"]);
  expect(elements(root, "desc")[0]?.textContent).toContain("1: 198.51.100.23 tried 45 ports of 2 hosts");
  expect(text).not.toMatch(/<script|<foreignObject|href|url\(|@import|\son\w+=/i);
  expect(text.match(/https?:[^"]*/g)).toEqual(["http://www.w3.org/2000/svg"]);
  expect(written(drawnView(sample))).toBe(text);
});

test("a line tells all that there is to say of it", () => {
  const { lines } = mapOf(drawnView(sample));
  expect(lines.find(({ label }) => label.startsWith("4444"))?.title.split("\n")).toEqual([
    "10.20.20.22 → Internet",
    expect.stringContaining("10.20.20.22 sent 35 MB to 198.51.100.77"),
    "4444/tcp",
    "1 conversation",
    expect.stringMatching(/^10\.20\.20\.22 sent 35 MB in [\d,]+ packets$/),
    expect.stringMatching(/^Internet sent 1\.0 MB in [\d,]+ packets$/),
    "2024-06-02T00:04:43Z – 2024-06-02T00:59:54Z",
  ]);
});

test("what is left out is a box with its totals, and the sentence says how much is drawn", () => {
  const view = drawnView(sample, { top: 8 });
  const other = mapOf(view).boxes.find(({ id }) => id === "other");
  expect(other?.rows.map(({ text }) => text)).toEqual(["Other", "not drawn", "55 conversations", "594 MB"]);
  expect(written(view)).toContain("8 of 29 links drawn");
});

test("JSON has the map when it is asked for", () => {
  const { map, links } = JSON.parse(written(drawnView(sample, { layout: "map" }), "json"));
  expect(map.boxes[0]).toMatchObject({
    x: expect.any(Number),
    title: expect.any(String),
    rows: expect.any(Array),
  });
  expect(map.lines.flatMap((line: { links: number[] }) => line.links)).toHaveLength(links.length);
  expect(JSON.parse(written(drawnView(sample), "json")).map).toBeUndefined();
});

test("a box opens at its place: the rest stays in its column, and below what it was below", () => {
  const closed = mapOf(drawnView(sample));
  const openable = closed.boxes.filter(({ node, rows }) => node !== undefined && rows.length > 2);
  expect(openable.length).toBeGreaterThan(4);
  for (const { id, node = "" } of openable) {
    const opened = mapOf(drawnView(sample, { open: [node] }));
    expectReadable(opened);
    expect(opened.frames.map((frame) => frame.node)).toEqual(opened.frames.map(() => node));
    const parts = opened.boxes.filter((box) => opened.frames.some((frame) => isInside(box, frame)));
    expect(parts.length, id).toBeGreaterThan(0);
    const rest = (map: GraphMap) => map.boxes.filter((box) => box.node !== node && !parts.includes(box));
    const order = (map: GraphMap) =>
      rest(map)
        .toSorted((a, b) => a.x - b.x || a.y - b.y)
        .map((box) => box.id);
    expect(order(opened), id).toEqual(order(closed));
    const columns = (map: GraphMap) => new Set(rest(map).map(({ x }) => x)).size;
    expect(columns(opened)).toBe(columns(closed));
  }
});

test("what is opened is drawn with its title, and what its parts talk to each other within them", () => {
  const view = drawnView(sample, { group: "8", open: ["10.0.0.0/8"] });
  const map = mapOf(view);
  expectReadable(map);
  const within = map.lines.filter(({ points }) => points.length === 0);
  expect(within.length).toBeGreaterThan(3);
  expect(within.map(({ label }) => label)).toContainEqual(expect.stringMatching(/^→ 10\.\S+ · \w+/));
  const root = parsed(written(view));
  expect(elements(root, "text").map(({ textContent }) => textContent)).toContain("10.0.0.0/8");
});

test("too many hosts, or lines between them, are refused with what would do", async () => {
  const rows = Array.from({ length: 61 }, (_, i) => edge(`10.0.0.${i} > 10.1.0.1:443`));
  const view = drawnView(await converse(batchesOf(rows, 7)), { group: "host" });
  expect(() => mapOf(view)).toThrow(MapTooLargeError);
  expect(() => mapOf(view)).toThrow(/at most 60 boxes and 120 lines.*group=auto, top=50/);
  const pairs = Array.from({ length: 144 }, (_, i) =>
    edge(`10.0.0.${i % 12} > 10.1.0.${Math.floor(i / 12)}:443`),
  );
  const graph = await converse(batchesOf(pairs, 7));
  expect(() => mapOf(drawnView(graph, { group: "host" }))).toThrow(MapTooLargeError);
  expect(mapOf(drawnView(graph, { group: "host", top: 50 })).lines).toHaveLength(50);
});

test("what hosts of a group talk to each other is written in their box, however long", async () => {
  const rows = [9300, 6443, 15672, 26257].map((port) => edge(`10.0.0.1 > 10.0.0.2:${port}`));
  const map = mapOf(drawnView(await converse(batchesOf(rows, 7)), { group: "8" }));
  expect(map.boxes).toHaveLength(1);
  expect(map.lines).toMatchObject([{ points: [], label: expect.stringMatching(/^elasticsearch-node /) }]);
  expectReadable(map);
});

test("any map is readable: nothing lies on anything, no line ends in the air, and text fits its box", async () => {
  await fc.assert(
    fc.asyncProperty(
      graphRows,
      fc.constantFrom("auto", "host", "24", "vpc"),
      fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
      fc.array(fc.constantFrom("10.0.0.0/24", "10.1.0.0/24", "internet", "inside", "vpc:vpc-1"), {
        maxLength: 3,
      }),
      async (rows, group, top, open) => {
        const map = mapOf(drawnView(await converse(batchesOf(rows, 7)), { group, top, open }));
        expectReadable(map);
      },
    ),
    { numRuns: 150 },
  );
});

test("any name leaves the picture well-formed, and comes through as text", async () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary", minLength: 1 }),
    fc.constantFrom(
      "<script>alert(1)</script>",
      "]]>",
      "</title><script>",
      "&amp;",
      '"onload="x',
      "\u0000\u001B",
      "\uD800",
      "\u202Eevil",
      "a name that is far too long to be written in any box, whatever its width may be",
    ),
  );
  const rows = [edge("10.0.0.1 > 10.0.0.2:443"), edge("10.0.0.3 > 10.0.0.2:22")];
  const graph = await converse(batchesOf(rows, 7));
  fc.assert(
    fc.property(hostile, fc.constantFrom("name", "host", "24"), (name, group) => {
      const names: NameLookup = { find: () => ({ text: name, source: "csv", side: "inside" }) };
      const view = drawnView(graph, { group, names });
      const root = parsed(written(view));
      expect(elements(root, "*").filter(({ tagName }) => !DRAWN.has(tagName))).toEqual([]);
      expectReadable(mapOf(view));
    }),
  );
});
