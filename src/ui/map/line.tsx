import { pathOf } from "../../view/map/path.js";
import { LABEL_ROW_HEIGHT, type MapLine, type Point } from "../../view/map/graph-map.js";
import type { At } from "./tip.js";

/** How wide lines are, by their step. */
const LINE_WIDTHS = [1.2, 2, 3.2, 4.8, 6.8] as const;
const BADGE = 7.5;

/** What two groups talk: a line, its label, and a wide one to point at that nobody sees. */
export function Line({
  line,
  status,
  isLit,
  isSelected,
  tip,
  select,
}: {
  line: MapLine;
  /** Since another window. */
  status: "new" | "gone" | undefined;
  isLit: boolean;
  isSelected: boolean;
  tip: (at: At | undefined) => void;
  select: () => void;
}) {
  const { points, step, flag, isRejected, served, title } = line;
  const width = LINE_WIDTHS[step] ?? 1;
  const head = served ? headOf(points, width) : undefined;
  const path = pathOf(head === undefined ? points : [...points.slice(0, -1), head.base]);
  const classes = ["line", flag, status, isRejected && "rejected", isLit && "lit", isSelected && "selected"];
  return (
    <g
      class={classes.filter(Boolean).join(" ")}
      onClick={select}
      onPointerMove={(event) => tip({ x: event.clientX, y: event.clientY })}
      onPointerLeave={() => tip(undefined)}
    >
      <g
        role="button"
        tabindex={0}
        aria-label={[status, ...title.split("\n")].filter(Boolean).join(". ")}
        aria-pressed={isSelected}
        onKeyDown={(event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          select();
        }}
        onFocus={(event) => {
          if (!event.currentTarget.matches(":focus-visible")) return;
          const { left, top, width } = event.currentTarget.getBoundingClientRect();
          tip({ x: left + width / 2, y: top });
        }}
        onBlur={() => tip(undefined)}
      >
        <path class="near" d={path} />
        <path class="stroke" d={path} stroke-width={width} />
        {head !== undefined && <path class="head" d={head.path} />}
      </g>
      <Label line={line} sign={status === "new" ? "+ " : ""} />
    </g>
  );
}

function Label({ line, sign }: { line: MapLine; sign: string }) {
  const { labelRows, labelArea, number, points } = line;
  const { x, y, width, height } = labelArea;
  const middle = y + height / 2;
  const badge = number === undefined ? 0 : 2 * BADGE + 4;
  return (
    <g class={points.length === 0 ? "label within" : "label"} aria-hidden="true">
      <rect x={x} y={y + 1} width={width} height={height - 2} rx={8} />
      {number !== undefined && (
        <g class="badge">
          <circle cx={x + BADGE + 3} cy={middle} r={BADGE} />
          <text x={x + BADGE + 3} y={middle + 3.6}>
            {number}
          </text>
        </g>
      )}
      {labelRows.map((row, index) => (
        <text
          key={index}
          x={x + (width + badge) / 2}
          y={middle + 4 + (index - (labelRows.length - 1) / 2) * LABEL_ROW_HEIGHT}
        >
          {index === 0 && sign}
          {row}
        </text>
      ))}
    </g>
  );
}

/** The line ends where its head begins. */
function headOf(points: readonly Point[], width: number): { base: Point; path: string } | undefined {
  const [before, end] = points.slice(-2);
  if (before === undefined || end === undefined) return undefined;
  const half = 3 + 0.7 * width;
  const base = { x: end.x + (before.x < end.x ? -1 : 1) * (7 + width), y: end.y };
  return { base, path: `M${end.x} ${end.y}L${base.x} ${end.y - half}V${end.y + half}z` };
}
