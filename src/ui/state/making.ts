import { computed, effect, signal } from "@preact/signals";
import type { Window } from "./address.js";
import { call } from "./api.js";
import { askAgain } from "./asked.js";
import { grouped } from "./graph.js";
import { place } from "./place.js";
import { watchProgress, type Progress } from "./progress.js";

/** The windows that somebody here asked for again: their graphs are there, and will be others. */
const refreshed = signal<Window | undefined>(undefined);

/** How far the graph is that is being made. */
export const progress = signal<Progress | undefined>(undefined);

/** Asks for a graph. @returns what is wrong, if anything */
export async function requestGraph({ start, stop }: Window, refresh = false): Promise<string | undefined> {
  const query = new URLSearchParams({ start, stop, ...(refresh && { refresh: "true" }) });
  try {
    const { status, message } = await call(`/graph?${query.toString()}`, { method: "POST" });
    // 409: it is there, or somebody else asked for it: either is what was wanted.
    if (status !== 202 && status !== 409) return message;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (refresh) refreshed.value = { start, stop };
  else askAgain();
  return undefined;
}

const watched = computed((): Window | undefined => {
  const { window } = place.value;
  if (window === undefined) return undefined;
  const isRefreshed = refreshed.value?.start === window.start && refreshed.value.stop === window.stop;
  return grouped.value.state === "making" || isRefreshed ? window : undefined;
});

// What is being made is watched, and asked for once it is there.
effect(() => {
  const window = watched.value;
  progress.value = undefined;
  if (window === undefined) return undefined;
  const stop = new AbortController();
  void watch(window, stop.signal);
  return () => stop.abort();
});

async function watch(window: Window, signal: AbortSignal): Promise<void> {
  await watchProgress(window, signal, (now) => {
    progress.value = now;
  });
  if (signal.aborted) return;
  refreshed.value = undefined;
  askAgain();
}
