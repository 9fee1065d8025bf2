import { useState } from "preact/hooks";
import { requestGraph } from "../state/making.js";
import { place } from "../state/place.js";

/** Has the graph made again. The old one is shown until then. */
export function Refresh({ why, done }: { why: string; done?: () => void }) {
  const [fault, setFault] = useState("");
  if (place.value.window === undefined) return null;
  const refresh = async () => {
    const message = await requestGraph(true);
    if (message === undefined) done?.();
    else setFault(message);
  };
  return (
    <p class="refresh">
      <button type="button" class="button" onClick={() => void refresh()}>
        Make it again
      </button>
      <span class="hint">{why}</span>
      <span class="fault" role="alert">
        {fault}
      </span>
    </p>
  );
}
