import { useEffect, useState } from "preact/hooks";
import { askAgain } from "../state/asked.js";
import { grouped } from "../state/graph.js";
import { progress, requestGraph } from "../state/making.js";
import { go, place } from "../state/place.js";
import { scopeText } from "../state/scope.js";
import { windowText, zoneName } from "../state/texts.js";

/** A window whose graph can't be shown: why, and what one can do. */
export function Unshown() {
  const { window, scope, where, around, against } = place.value;
  if (window === undefined) return null;
  const answer = grouped.value;
  return (
    <main class="middle" aria-live="polite">
      <h1>
        {windowText(window)} <span class="zone">{zoneName()}</span>
      </h1>
      {scope !== "" && <p>{scopeText(scope)}</p>}
      {answer.state === "asking" && <p>Looking for the graph …</p>}
      {answer.state === "making" && <Making />}
      {answer.state === "refused" && (
        <>
          <p>{sentence(answer.message)}</p>
          <div class="actions">
            {answer.status === 404 && !answer.message.startsWith("against") && (
              <Make isAgain={answer.message.includes("failed")} />
            )}
            {answer.status === 422 && (
              <p class="hint">
                VIEW_MAX_EDGES sets how large a graph may be to be shown. A shorter window has fewer edges.
              </p>
            )}
            {scope !== "" && (
              <button type="button" class="button" onClick={() => go({ scope: "" })}>
                Show all flow logs
              </button>
            )}
            {against !== undefined && (
              <button type="button" class="button" onClick={() => go({ against: undefined })}>
                Don’t compare
              </button>
            )}
            {(where !== "" || around !== undefined) && (
              <button
                type="button"
                class="button"
                onClick={() => go({ where: "", around: undefined, hops: "1" })}
              >
                Remove the filter
              </button>
            )}
            {(answer.status === 0 || answer.status >= 500) && (
              <button type="button" class="button primary" onClick={askAgain}>
                Try again
              </button>
            )}
          </div>
        </>
      )}
    </main>
  );
}

function Making() {
  const now = progress.value;
  return (
    <div class="making">
      <p>{now?.text ?? "The graph is being made."}</p>
      <progress value={now?.part} max={1} aria-label="How far it is" />
      <p class="hint">You can leave this page: it is made all the same.</p>
    </div>
  );
}

function Make({ isAgain }: { isAgain: boolean }) {
  const [fault, setFault] = useState("");
  const [isAsking, setAsking] = useState(false);
  const { window, scope } = place.value;
  useEffect(() => setFault(""), [window, scope]);
  const make = async () => {
    setAsking(true);
    setFault((await requestGraph()) ?? "");
    setAsking(false);
  };
  return (
    <>
      <button type="button" class="button primary" disabled={isAsking} onClick={() => void make()}>
        {isAgain ? "Try again" : "Make it"}
      </button>
      <p class="fault" role="alert">
        {fault}
      </p>
    </>
  );
}

/** A message of the service as a sentence. */
function sentence(message: string): string {
  const text = message.replace(": POST /graph makes it", "");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
