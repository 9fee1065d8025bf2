import { VIEWS } from "./address.js";
import { go, place } from "./place.js";

/** 1, 2 and 3 choose how it is shown, Escape closes the drawer. Not while somebody types. */
addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
  if (event.target instanceof Element && event.target.closest("input, textarea, select") !== null) return;
  if (place.value.window === undefined) return;
  const view = VIEWS[Number(event.key) - 1];
  if (view !== undefined) go({ view });
  else if (event.key === "Escape" && place.value.selected !== undefined) go({ selected: undefined });
});
