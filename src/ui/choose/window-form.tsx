import { useState } from "preact/hooks";
import { timeText, type Window } from "../state/address.js";
import { go, isLocal, place } from "../state/place.js";
import { scopeOf } from "../state/scope.js";
import { zoneName } from "../state/texts.js";
import { ScopeFields, type ScopeValues, valuesOf } from "./scope-fields.js";

const HOUR = 3_600_000;

/** A window by its times: whether there is a graph of it, one sees then. */
export function WindowForm({ chosen }: { chosen?: () => void }) {
  const local = isLocal.value;
  const usual = place.value.window ?? lastHours(1);
  const [start, setStart] = useState<string>();
  const [stop, setStop] = useState<string>();
  const [parts, setParts] = useState<ScopeValues>(valuesOf(place.value.scope));
  const [fault, setFault] = useState("");
  const from = start ?? fieldOf(usual.start, local);
  const to = stop ?? fieldOf(usual.stop, local);

  const choose = (window: Window) => {
    chosen?.();
    const scope = scopeOf((part) => parts[part]);
    go({ window, scope, selected: undefined, against: undefined });
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const [first, last] = [timeOf(from, local), timeOf(to, local)];
    if (first === undefined || last === undefined) setFault("Give both times.");
    else if (first >= last) setFault("The start must be before the end.");
    else choose({ start: timeText(new Date(first)), stop: timeText(new Date(last)) });
  };
  return (
    <form class="form window-form" onSubmit={submit} noValidate>
      <div class="pair">
        <label>
          From ({zoneName()})
          <input
            type="datetime-local"
            value={from}
            aria-invalid={fault !== ""}
            onInput={(event) => {
              setStart(event.currentTarget.value);
              setFault("");
            }}
          />
        </label>
        <label>
          To ({zoneName()})
          <input
            type="datetime-local"
            value={to}
            aria-invalid={fault !== ""}
            onInput={(event) => {
              setStop(event.currentTarget.value);
              setFault("");
            }}
          />
        </label>
        <button type="submit" class="button primary">
          Show
        </button>
      </div>
      <p class="fault" role="alert">
        {fault}
      </p>
      <ScopeFields values={parts} change={setParts} />
      <div class="presets" role="group" aria-label="Whole hours until now">
        {[1, 6, 24].map((hours) => (
          <button type="button" key={hours} class="button" onClick={() => choose(lastHours(hours))}>
            {hours === 1 ? "Last full hour" : `Last ${hours} full hours`}
          </button>
        ))}
      </div>
    </form>
  );
}

function lastHours(hours: number): Window {
  const stop = Math.floor(Date.now() / HOUR) * HOUR;
  return { start: timeText(new Date(stop - hours * HOUR)), stop: timeText(new Date(stop)) };
}

/** As the field writes it: without an offset. */
function fieldOf(time: string, local: boolean): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  const shifted = local ? new Date(date.getTime() - date.getTimezoneOffset() * 60_000) : date;
  return shifted.toISOString().slice(0, 16);
}

function timeOf(field: string, local: boolean): number | undefined {
  const ms = Date.parse(local ? field : `${field}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
