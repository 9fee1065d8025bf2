import { NothingLeft } from "../filter/nothing-left.js";
import type { GraphView, Link, Node } from "../state/answers.js";
import { flagOf, flagText, type Flag } from "../state/flags.js";
import { go, place } from "../state/place.js";
import { lineKey } from "../state/selection.js";
import { nameOf, serviceText, serviceTitle } from "../state/service-text.js";
import { bytes, number, sentBytes } from "../state/texts.js";

/** Groups: clients down, servers across. In each cell the top service, shaded by bytes. */
export function Matrix({ view }: { view: GraphView }) {
  const cells = cellsOf(view);
  if (cells.size === 0) return <NothingLeft />;
  const clients = view.nodes.filter(({ id }) => view.links.some(({ from }) => from === id));
  const servers = view.nodes.filter(({ id }) => view.links.some(({ to }) => to === id));
  const most = Math.max(1, ...[...cells.values()].map(weightOf));
  const folded = view.left.folded.rows;
  return (
    <div
      class={servers.length > UPRIGHT ? "table matrix many" : "table matrix"}
      tabindex={0}
      role="region"
      aria-label="Matrix of groups"
    >
      <table>
        <caption class="hidden">Clients down, servers across</caption>
        <thead>
          <tr>
            <th scope="col">
              <span class="corner">Client ↓ Server →</span>
            </th>
            {servers.map((node) => (
              <th key={node.id} scope="col">
                <Group node={node} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {clients.map((client) => (
            <tr key={client.id}>
              <th scope="row">
                <Group node={client} />
              </th>
              {servers.map((server) => (
                <Cell key={server.id} links={cells.get(cellKey(client.id, server.id))} most={most} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="note">
        The stronger the colour, the more bytes. ▲ flagged, ◆ reached from a flagged host, ✕ rejected alone.
        {folded > 0 && ` ${number(folded)} smaller conversations are not shown.`}
      </p>
    </div>
  );
}

function Group({ node }: { node: Node }) {
  const { selected } = place.value;
  const kind = node.kind === "host" ? "host" : "box";
  return (
    <button
      type="button"
      class={`host ${node.side}`}
      aria-pressed={selected?.kind === kind && selected.key === node.id}
      onClick={() => go({ selected: { kind, key: node.id } })}
    >
      {node.label}
    </button>
  );
}

function Cell({ links, most }: { links: readonly Link[] | undefined; most: number }) {
  // What is flagged is what one wants to see of it.
  const link = links?.toSorted(
    (a, b) =>
      Number(b.finding !== undefined) - Number(a.finding !== undefined) || sentBytes(b) - sentBytes(a),
  )[0];
  const [service] = link?.services ?? [];
  if (links === undefined || link === undefined || service === undefined) return <td />;
  const flag = flagOf(link.finding);
  const isRejected = links.every(({ accepted }) => !accepted);
  const more = new Set(links.flatMap(({ services }) => services.map(serviceText))).size - 1;
  const name = [
    links
      .flatMap(({ services }) => services.map(serviceTitle))
      .slice(0, 5)
      .join(", "),
    bytes(weightOf(links)),
    flag && flagText(flag),
    isRejected && "rejected",
  ];
  const { selected } = place.value;
  return (
    <td class={`cell shade${shadeOf(weightOf(links), most)} ${flag ?? ""}`}>
      <button
        type="button"
        title={name.filter(Boolean).join(", ")}
        aria-pressed={selected?.kind === "line" && selected.key === lineKey(link)}
        onClick={() => go({ selected: { kind: "line", key: lineKey(link) } })}
      >
        {markOf(flag)}
        {isRejected && "✕ "}
        {shortText(service)}
        {more > 0 && <small> +{more}</small>}
        <span class="hidden">: {name.filter(Boolean).join(", ")}</span>
      </button>
    </td>
  );
}

/** A port says more than its protocol where it has no name. */
function shortText(service: Link["services"][number]): string {
  return nameOf(service) === undefined && service.port !== undefined
    ? String(service.port)
    : serviceText(service);
}

function markOf(flag: Flag | undefined): string {
  if (flag === undefined) return "";
  return flag === "flagged" ? "▲ " : "◆ ";
}

const SHADES = 4;
/** More columns than these fit if their heads stand. */
const UPRIGHT = 8;

/** 0 to 4, by the order of magnitude below the heaviest. */
function shadeOf(bytes: number, most: number): number {
  if (bytes <= 0) return 0;
  return Math.max(0, Math.min(SHADES, Math.round(SHADES + Math.log10(bytes / most))));
}

function weightOf(links: readonly Link[]): number {
  return links.reduce((sum, link) => sum + sentBytes(link), 0);
}

function cellsOf({ links }: GraphView): ReadonlyMap<string, readonly Link[]> {
  return Map.groupBy(links, ({ from, to }) => cellKey(from, to));
}

function cellKey(from: string, to: string): string {
  return JSON.stringify([from, to]);
}
