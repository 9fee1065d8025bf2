import { useId, useRef, useState } from "preact/hooks";
import { termTexts, withoutTerm, withTerm } from "../state/filter.js";
import { answerOf } from "../state/asked.js";
import { groupedQuery } from "../state/graph.js";
import { go, place } from "../state/place.js";
import { termFor } from "./bare-term.js";
import { suggestionsFor } from "./suggestions.js";

/** The filter: its terms, each to be taken away, and a field for another, which is completed. */
export function Filter() {
  const { where, around, hops } = place.value;
  return (
    <div class="filter" role="group" aria-label="Filter">
      {around !== undefined && (
        <Chip
          text={`within ${hops === "1" ? "1 hop" : "2 hops"} of ${around}`}
          remove={() => go({ around: undefined, hops: "1" })}
        />
      )}
      {termTexts(where).map((term, index) => (
        <Chip key={term} text={term} remove={() => go({ where: withoutTerm(where, index) })} />
      ))}
      <Field />
    </div>
  );
}

function Chip({ text, remove }: { text: string; remove: () => void }) {
  return (
    <span class="chip" title={text}>
      <span>{text}</span>
      <button type="button" aria-label={`Remove ${text}`} onClick={remove}>
        ×
      </button>
    </span>
  );
}

function Field() {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const [fault, setFault] = useState("");
  const id = useId();
  const suggestions = isOpen ? suggestionsFor(text) : [];

  const type = (next: string) => {
    setText(next);
    setFault("");
    setOpen(true);
    setActive(-1);
  };
  const add = async (term: string) => {
    setOpen(false);
    const where = withTerm(place.value.where, term);
    const query = groupedQuery({ ...place.value, where });
    if (query === undefined) return;
    // The service knows what a filter may be. What it answers is what is shown then.
    const answer = await answerOf(query);
    if (answer.state === "refused" && answer.status === 400) {
      setFault(answer.message);
      return;
    }
    setText("");
    setActive(-1);
    go({ where });
  };
  const take = (suggestion: string) => {
    // A field without a value is only the beginning of a term.
    if (suggestion.endsWith(":")) type(suggestion);
    else void add(suggestion);
    input.current?.focus();
  };
  const press = (event: KeyboardEvent) => {
    const last = suggestions.length - 1;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      setActive(Math.min(last, Math.max(-1, active + step)));
    } else if (event.key === "Enter") {
      const suggestion = suggestions[active];
      if (suggestion !== undefined) take(suggestion);
      else if (text.trim() !== "") void add(termFor(text.trim()));
    } else if (event.key === "Escape") {
      setOpen(false);
    } else if (event.key === "Backspace" && text === "") {
      const { where } = place.value;
      if (where !== "") go({ where: withoutTerm(where, termTexts(where).length - 1) });
    }
  };
  return (
    <span class="field">
      <input
        ref={input}
        value={text}
        placeholder="Filter: ssh, 10.0.0.0/8 …"
        role="combobox"
        aria-label="Add to the filter"
        aria-expanded={suggestions.length > 0}
        aria-controls={id}
        aria-autocomplete="list"
        aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
        aria-invalid={fault !== ""}
        aria-describedby={`${id}-fault`}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => type(event.currentTarget.value)}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={press}
      />
      <ul
        class="suggestions"
        role="listbox"
        id={id}
        aria-label="Suggestions"
        hidden={suggestions.length === 0}
      >
        {suggestions.map((suggestion, index) => (
          <li
            key={suggestion}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === active}
            // Before the field loses the focus, and with it the list.
            onPointerDown={(event) => {
              event.preventDefault();
              take(suggestion);
            }}
          >
            {suggestion}
          </li>
        ))}
      </ul>
      <span class="fault" id={`${id}-fault`} role="alert" hidden={fault === ""}>
        {fault}
      </span>
    </span>
  );
}
