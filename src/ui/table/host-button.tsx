import type { GraphView } from "../state/answers.js";
import { go, place } from "../state/place.js";

/** An end of a conversation: the drawer tells more of it. */
export function HostButton({ id, view }: { id: string; view: GraphView }) {
  const label = view.nodes.find((node) => node.id === id)?.label ?? id;
  const { selected } = place.value;
  return (
    <button
      type="button"
      class="host"
      aria-pressed={selected?.kind === "host" && selected.key === id}
      onClick={() => go({ selected: { kind: "host", key: id } })}
    >
      {label}
      {label !== id && <span class="address"> {id}</span>}
    </button>
  );
}
