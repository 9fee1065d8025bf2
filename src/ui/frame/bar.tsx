import { WindowPanel } from "../choose/window-panel.js";
import { Filter } from "../filter/filter.js";
import { Compare } from "../share/compare.js";
import { Download } from "../share/download.js";
import { Share } from "../share/share.js";
import { besideWindow, VIEWS } from "../state/address.js";
import { shownOf } from "../state/asked.js";
import { grouped } from "../state/graph.js";
import { go, place } from "../state/place.js";
import { scopeText } from "../state/scope.js";
import { windowText, zoneName } from "../state/texts.js";
import { Menu } from "./menu.js";
import { Settings } from "./settings.js";
import { Link } from "./link.js";

/** The bar at the top: which window, what of it, and how it is shown. */
export function Bar() {
  const { window, scope } = place.value;
  const isShown = shownOf(grouped.value) !== undefined;
  return (
    <header class="bar">
      <Link class="brand" change={{ window: undefined }}>
        grapherd
      </Link>
      {window !== undefined && isShown && <h1 class="hidden">Graph of {windowText(window)}</h1>}
      {window !== undefined && (
        <nav class="window" aria-label="Window">
          <Beside steps={-1} />
          <Menu
            label={
              <>
                {windowText(window)} <span class="zone">{zoneName()}</span>{" "}
                {scope !== "" && (
                  <span class="scope" title={scopeText(scope)}>
                    {scopeText(scope)}
                  </span>
                )}{" "}
                <span aria-hidden="true">▾</span>
              </>
            }
          >
            {(close) => <WindowPanel close={close} />}
          </Menu>
          <Beside steps={1} />
        </nav>
      )}
      {isShown ? <Filter /> : <span class="space" />}
      {isShown && (
        <>
          <Views />
          <Compare />
          <Share />
          <Download />
        </>
      )}
      <Settings />
    </header>
  );
}

function Beside({ steps }: { steps: 1 | -1 }) {
  const window = place.value.window && besideWindow(place.value.window, steps);
  if (window === undefined) return null;
  const name = steps < 0 ? "Earlier window" : "Later window";
  return (
    <Link class="button" change={{ window, selected: undefined }} name={name}>
      {steps < 0 ? "‹" : "›"}
    </Link>
  );
}

const NAMES = { map: "Map", matrix: "Matrix", table: "Table" } as const;

function Views() {
  return (
    <div class="views" role="group" aria-label="How it is shown">
      {VIEWS.map((view, index) => (
        <button
          key={view}
          type="button"
          aria-pressed={place.value.view === view}
          title={`${NAMES[view]} (key ${index + 1})`}
          onClick={() => go({ view })}
        >
          {NAMES[view]}
        </button>
      ))}
    </div>
  );
}
