import type { BoxRow, MapBox } from "../../view/map/graph-map.js";
import type { GraphView } from "../state/answers.js";
import { withTerm } from "../state/filter.js";
import { flagText } from "../state/flags.js";
import { go, place } from "../state/place.js";
import { Mark } from "./mark.js";

const PADDING = 12;
const MARK_WIDTH = 15;

/** A group of hosts. A click tells more of it, a double click or Enter opens it. */
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
  const open = () => {
    if (facts === undefined || isHost) select();
    else go({ where: withTerm(place.value.where, facts.where), selected: undefined });
  };
  const hosts = rows.filter(({ kind }) => kind === "host");
  return (
    <g
      class={["box", side, flag, isLit && "lit", isSelected && "selected"].filter(Boolean).join(" ")}
      transform={`translate(${x} ${y})`}
      onPointerEnter={() => tip(true)}
      onPointerLeave={() => tip(false)}
    >
      <g
        role="button"
        tabIndex={0}
        aria-pressed={isSelected}
        aria-label={[title, subtitle, flag && flagText(flag), ...hosts.map(nameOf)]
          .filter(Boolean)
          .join(", ")}
        onClick={select}
        onDblClick={open}
        onFocus={() => tip(true)}
        onBlur={() => tip(false)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          if (event.key === "Enter") open();
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
    </g>
  );
}

function Row({ row }: { row: BoxRow }) {
  const { kind, text, full, flag, baseline } = row;
  return (
    <>
      {flag !== undefined && <Mark flag={flag} x={PADDING + 5} y={baseline - 4} />}
      <text class={`${kind} ${flag ?? ""}`} x={PADDING + (flag === undefined ? 0 : MARK_WIDTH)} y={baseline}>
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
