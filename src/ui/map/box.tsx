import { BOX_PADDING, MARK_WIDTH, type BoxRow, type MapBox } from "../../view/map/graph-map.js";
import type { GraphView } from "../state/answers.js";
import { flagText } from "../state/flags.js";
import { go, place } from "../state/place.js";
import { Mark } from "./mark.js";
import { open } from "./opening.js";

/** A group of hosts. A click tells more of it, Enter or a double click (see opening.ts) opens it. */
export function Box({
  box,
  view,
  isLit,
  tip,
}: {
  box: MapBox;
  view: GraphView;
  isLit: boolean;
  tip: (isOn: boolean) => void;
}) {
  const { x, y, width, height, side, flag, rows, title, subtitle, node } = box;
  const facts = view.nodes.find(({ id }) => id === node);
  const { selected } = place.value;
  const isHost = facts?.kind === "host";
  const isSelected = selected !== undefined && selected.key === node;
  const select = () => {
    if (node !== undefined) go({ selected: { kind: isHost ? "host" : "box", key: node } });
  };
  const openable = facts === undefined || isHost ? undefined : facts.id;
  const openFrom = (target: Element) => {
    if (openable === undefined) select();
    else open(openable, target.closest(".box") ?? target);
  };
  const hosts = rows.filter(({ kind }) => kind === "host");
  return (
    <g
      class={["box", side, flag, isLit && "lit", isSelected && "selected"].filter(Boolean).join(" ")}
      data-node={node}
      style={{ transform: `translate(${x}px, ${y}px)` }}
      onPointerEnter={() => tip(true)}
      onPointerLeave={() => tip(false)}
    >
      <g
        role="button"
        tabindex={0}
        aria-pressed={isSelected}
        aria-expanded={openable === undefined ? undefined : "false"}
        aria-label={[title, subtitle, flag && flagText(flag), ...hosts.map(nameOf)]
          .filter(Boolean)
          .join(", ")}
        onClick={select}
        // Not after a click elsewhere, which gave the focus back.
        onFocus={(event) => {
          if (event.currentTarget.matches(":focus-visible")) tip(true);
        }}
        onBlur={() => tip(false)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          if (event.key === "Enter") openFrom(event.currentTarget);
          else select();
        }}
      >
        <rect class="edge" width={width} height={height} rx={8} />
      </g>
      <g class="words" aria-hidden="true">
        {rows
          .filter(({ kind }) => kind !== "host")
          .map((row) => (
            <Row key={row.baseline} row={row} />
          ))}
      </g>
      {/* For the pointer alone: the drawer of the box has them as buttons. */}
      {hosts.map((row) => (
        <g
          key={row.baseline}
          class="pick"
          aria-hidden="true"
          onClick={() => go({ selected: { kind: "host", key: addressOf(row) } })}
        >
          <rect x={4} y={row.baseline - 13} width={width - 8} height={17} rx={4} />
          <Row row={row} />
        </g>
      ))}
      {openable !== undefined && (
        <g class="opener" aria-hidden="true" onClick={(event) => openFrom(event.currentTarget)}>
          <title>{`Open ${title}`}</title>
          <rect x={width - 27} y={23} width={22} height={21} rx={5} />
          <path class="sign" d={`M${width - 21} 33.5h10m-5 -5v10`} />
        </g>
      )}
    </g>
  );
}

function Row({ row }: { row: BoxRow }) {
  const { kind, text, full, flag, baseline } = row;
  return (
    <>
      {flag !== undefined && <Mark flag={flag} x={BOX_PADDING + 5} y={baseline - 4} />}
      <text
        class={`${kind} ${flag ?? ""}`}
        x={BOX_PADDING + (flag === undefined ? 0 : MARK_WIDTH)}
        y={baseline}
      >
        {full !== undefined && <title>{full}</title>}
        {text}
      </text>
    </>
  );
}

function nameOf({ text, full, flag }: BoxRow): string {
  return flag === undefined ? (full ?? text) : `${full ?? text} (${flagText(flag)})`;
}

/** A row is an address, and a name if it has one. */
function addressOf({ text, full }: BoxRow): string {
  return (full ?? text).split(" ")[0] ?? "";
}
