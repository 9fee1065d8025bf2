import { computed, effect, signal } from "@preact/signals";
import { changed, parsePlace, searchOf, type Place } from "./address.js";

/** Where we are. It changes with `go`, back and forward. */
export const place = signal<Place>(parsePlace(location.search));

addEventListener("popstate", () => {
  place.value = parsePlace(location.search);
});

/**
 * Goes elsewhere; what isn't named stays.
 *
 * @param how `replace`: one doesn't come back here
 */
export function go(change: Partial<Place>, how: "push" | "replace" = "push"): void {
  const next = changed(place.value, change);
  const search = searchOf(next);
  if (search !== searchOf(place.value)) {
    const address = `${location.pathname}${search}`;
    if (how === "push") history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  }
  place.value = next;
}

/** An address of the page, for links that may be opened elsewhere, too. */
export function addressOf(change: Partial<Place>): string {
  return `/ui${searchOf(changed(place.value, change))}`;
}

export const isLocal = computed(() => place.value.zone === "local");

effect(() => {
  const { window } = place.value;
  document.title =
    window === undefined
      ? "vpcflow-grapherd"
      : `${window.start.slice(0, 16).replace("T", " ")} · vpcflow-grapherd`;
});
