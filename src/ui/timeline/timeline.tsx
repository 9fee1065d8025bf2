import { useRef, useState } from "preact/hooks";
import { timeText } from "../state/address.js";
import { shownOf } from "../state/asked.js";
import { timesOf, withoutTimes, withTerm } from "../state/filter.js";
import { wholeWindow } from "../state/graph.js";
import { go, place } from "../state/place.js";
import { bytes, clock, number, zoneName } from "../state/texts.js";
import { activityOf, type Part } from "./activity.js";

const HEIGHT = 44;
const REJECTED_HEIGHT = 16;
/** Ticks below the bars. */
const TICKS = 4;

/** From one part of the window to another, both included. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Bytes and rejections over the window. What is drawn over with the pointer is what is looked at. */
export function Timeline() {
  const view = shownOf(wholeWindow.value);
  const parts = view && activityOf(view);
  const [drawn, setDrawn] = useState<Range>();
  const area = useRef<HTMLDivElement>(null);
  const begun = useRef(0);
  if (view === undefined || parts === undefined) return null;
  const start = Date.parse(view.window.start);
  const step = (Date.parse(view.window.stop) - start) / parts.length;
  const whole = { from: 0, to: parts.length - 1 };
  const range = drawn ?? rangeOf(start, step, whole);

  const partAt = (event: PointerEvent): number => {
    const { left = 0, width = 1 } = area.current?.getBoundingClientRect() ?? {};
    const at = Math.floor(((event.clientX - left) / width) * parts.length);
    return Math.min(whole.to, Math.max(0, at));
  };
  const drawTo = (at: number) =>
    setDrawn({ from: Math.min(begun.current, at), to: Math.max(begun.current, at) });
  const choose = ({ from, to }: Range) => {
    setDrawn(undefined);
    const rest = withoutTimes(place.value.where);
    const after = from > 0 ? `after:${timeText(new Date(start + from * step))}` : "";
    const before = to < whole.to ? `before:${timeText(new Date(start + (to + 1) * step))}` : "";
    go({ where: [after, before].filter(Boolean).reduce(withTerm, rest) });
  };
  const time = (part: number) => clock(start + part * step);
  return (
    <section class="timeline" aria-label="Over time">
      <div
        class="bars"
        ref={area}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          begun.current = partAt(event);
          drawTo(begun.current);
        }}
        onPointerMove={(event) => drawn !== undefined && drawTo(partAt(event))}
        onPointerUp={() => {
          // One part is a click: that is the whole window again.
          if (drawn !== undefined) choose(drawn.from === drawn.to ? whole : drawn);
        }}
        onPointerCancel={() => setDrawn(undefined)}
      >
        <Bars parts={parts} range={range} titleOf={(at) => titleOf(parts[at], time(at), time(at + 1))} />
        {(["from", "to"] as const).map((end) => (
          <Handle
            key={end}
            end={end}
            range={range}
            last={whole.to}
            time={time(end === "from" ? range.from : range.to + 1)}
            move={choose}
          />
        ))}
      </div>
      <div class="ticks" aria-hidden="true">
        {Array.from({ length: TICKS + 1 }, (_, tick) => (
          <span key={tick}>{time((tick * parts.length) / TICKS)}</span>
        ))}
      </div>
      <p class="about">
        <span>
          <i class="bytes" /> bytes, each conversation’s spread over when it was active
        </span>
        <span>
          <i class="rejected" /> conversations rejected
        </span>
        <span>{zoneName()}</span>
        {range.from > 0 || range.to < whole.to ? (
          <button type="button" class="button" onClick={() => choose(whole)}>
            Whole window
          </button>
        ) : (
          <span>drag to look at a part</span>
        )}
      </p>
    </section>
  );
}

/** The parts that the filter leaves. */
function rangeOf(start: number, step: number, whole: Range): Range {
  const { after, before } = timesOf(place.value.where);
  const from = after === undefined ? 0 : Math.round((after - start) / step);
  const to = before === undefined ? whole.to : Math.round((before - start) / step) - 1;
  return { from: Math.max(0, Math.min(from, whole.to)), to: Math.max(0, Math.min(to, whole.to)) };
}

function titleOf(part: Part | undefined, from: string, to: string): string {
  if (part === undefined) return "";
  return `${from} to ${to}: ${bytes(part.bytes)}, ${number(part.rejected)} rejected`;
}

function Bars({
  parts,
  range,
  titleOf,
}: {
  parts: readonly Part[];
  range: Range;
  titleOf: (part: number) => string;
}) {
  const most = Math.max(1, ...parts.map((part) => part.bytes));
  const mostRejected = Math.max(1, ...parts.map(({ rejected }) => rejected));
  return (
    <svg viewBox={`0 0 ${parts.length} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {parts.map((part, at) => {
        const height = (part.bytes / most) * HEIGHT;
        const rejected = part.rejected === 0 ? 0 : 3 + (part.rejected / mostRejected) * (REJECTED_HEIGHT - 3);
        return (
          <g key={at} class={at < range.from || at > range.to ? "out" : ""}>
            <title>{titleOf(at)}</title>
            <rect class="space" x={at} y={0} width={1} height={HEIGHT} />
            <rect class="bytes" x={at + 0.1} y={HEIGHT - height} width={0.8} height={height} />
            <rect class="rejected" x={at + 0.1} y={HEIGHT - rejected} width={0.8} height={rejected} />
          </g>
        );
      })}
    </svg>
  );
}

/** An end of what is looked at, for the keyboard. */
function Handle({
  end,
  range,
  last,
  time,
  move,
}: {
  end: "from" | "to";
  range: Range;
  last: number;
  time: string;
  move: (range: Range) => void;
}) {
  const isFrom = end === "from";
  const at = isFrom ? range.from : range.to + 1;
  return (
    <div
      class="handle"
      style={{ left: `${(100 * at) / (last + 1)}%` }}
      role="slider"
      tabindex={0}
      aria-label={isFrom ? "Look at what is after" : "Look at what is before"}
      aria-valuemin={0}
      aria-valuemax={last + 1}
      aria-valuenow={at}
      aria-valuetext={time}
      onKeyDown={(event) => {
        const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: 6, PageDown: -6 }[event.key];
        if (steps === undefined) return;
        event.preventDefault();
        if (isFrom) move({ ...range, from: Math.max(0, Math.min(range.to, range.from + steps)) });
        else move({ ...range, to: Math.min(last, Math.max(range.from, range.to + steps)) });
      }}
    />
  );
}
