import { Menu } from "../frame/menu.js";
import { besideWindow, type Window } from "../state/address.js";
import { shownOf } from "../state/asked.js";
import { graphs } from "../state/graph.js";
import { go, place } from "../state/place.js";
import { windowText, zoneName } from "../state/texts.js";

/** Another window to compare with. */
export function Compare() {
  const { window, scope, against } = place.value;
  if (window === undefined) return null;
  const before = besideWindow(window, -1);
  const others = (shownOf(graphs.value)?.graphs ?? [])
    .filter((graph) => (graph.scope ?? "") === scope)
    .map((graph) => graph.window)
    .filter((other) => other.start !== window.start || other.stop !== window.stop);
  const isListed = others.some((other) => other.start === before?.start && other.stop === before.stop);
  const offered: Window[] = before === undefined || isListed ? others : [before, ...others];
  return (
    <Menu label={against === undefined ? "Compare" : "Compared"} align="right">
      {(close) => (
        <>
          <p class="hint">Compare with another window: what is new, what is gone, what changed.</p>
          <ul class="choices">
            {against !== undefined && (
              <li>
                <button
                  type="button"
                  class="button"
                  onClick={() => {
                    close();
                    go({ against: undefined });
                  }}
                >
                  Don’t compare
                </button>
              </li>
            )}
            {offered.slice(0, 20).map((other) => (
              <li key={`${other.start}/${other.stop}`}>
                <button
                  type="button"
                  class="button"
                  aria-pressed={against?.start === other.start && against.stop === other.stop}
                  onClick={() => {
                    close();
                    go({ against: other });
                  }}
                >
                  {windowText(other)} {zoneName()}
                  {other === before && " (the one before)"}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </Menu>
  );
}
