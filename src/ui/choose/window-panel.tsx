import { GraphRows } from "./graph-rows.js";
import { Refresh } from "./refresh.js";
import { WindowForm } from "./window-form.js";

/** Another window, from the list or by its times; or this one, made again. */
export function WindowPanel({ close }: { close: () => void }) {
  return (
    <div class="choose">
      <WindowForm chosen={close} />
      <Refresh done={close} />
      <GraphRows chosen={close} />
    </div>
  );
}
