import type { MapFrame } from "../../view/map/graph-map.js";
import { close } from "./opening.js";

const TITLE_HEIGHT = 28;

/** What is around the parts of a group that was opened. Its title closes it, and so does a double click (see opening.ts). */
export function Frame({ frame }: { frame: MapFrame }) {
  const { x, y, width, height, side, title, full, subtitle, node } = frame;
  const name = full ?? title;
  return (
    <g class={`frame ${side}`} data-node={node} style={{ transform: `translate(${x}px, ${y}px)` }}>
      <rect class="edge" width={width} height={height} rx={10} />
      <g
        role="button"
        tabindex={0}
        aria-expanded="true"
        aria-label={`${[name, subtitle].filter(Boolean).join(", ")}, opened`}
        onClick={(event) => closeFrom(event.currentTarget, node)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          closeFrom(event.currentTarget, node);
        }}
      >
        <title>{`Close ${name}`}</title>
        <rect class="head" width={width} height={TITLE_HEIGHT} rx={10} />
        <text class="title" x={12} y={19}>
          {title}
        </text>
        <path class="sign" d={`M${width - 24} 14h11`} />
      </g>
    </g>
  );
}

function closeFrom(head: Element, node: string): void {
  close(node, head.closest(".frame") ?? head);
}
