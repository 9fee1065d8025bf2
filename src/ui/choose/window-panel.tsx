import { GraphRows } from "./graph-rows.js";
import { Refresh } from "./refresh.js";
import { WindowForm } from "./window-form.js";

/** Another window, from the list or by its times; or this one, made again. */
export function WindowPanel({ close }: { close: () => void }) {
  return (
    <div class="choose">
      <WindowForm chosen={close} />
      <Refresh why="Reads the flow logs of this window anew: some may have come late." done={close} />
      <GraphRows chosen={close} />
    </div>
  );
}
