import { computed, effect, signal } from "@preact/signals";
import { graphParameters } from "./address.js";
import { call } from "./api.js";
import { askAgain } from "./asked.js";
import { grouped } from "./graph.js";
import { place } from "./place.js";
import { watchProgress, type Progress } from "./progress.js";

/** The graph that somebody here asked for again, as parameters: it is there, and will be another. */
const refreshed = signal<string | undefined>(undefined);

/** How far the graph is that is being made. */
export const progress = signal<Progress | undefined>(undefined);

/** What names the graph of this place to the API. */
const here = computed(() => {
  const { window, scope } = place.value;
  return window && graphParameters(window, scope).toString();
});

/** Asks for the graph of this place. @returns what is wrong, if anything */
export async function requestGraph(refresh = false): Promise<string | undefined> {
  const graph = here.value;
  if (graph === undefined) return undefined;
  try {
    const path = `/graph?${graph}${refresh ? "&refresh=true" : ""}`;
    const { status, message } = await call(path, { method: "POST" });
    // 409: it is there, or somebody else asked for it: either is what was wanted.
    if (status !== 202 && status !== 409) return message;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (refresh) refreshed.value = graph;
  else askAgain();
  return undefined;
}

const watched = computed(() =>
  grouped.value.state === "making" || refreshed.value === here.value ? here.value : undefined,
);

// What is being made is watched, and asked for once it is there.
effect(() => {
  const graph = watched.value;
  progress.value = undefined;
  if (graph === undefined) return undefined;
  const stop = new AbortController();
  void watch(graph, stop.signal);
  return () => stop.abort();
});

async function watch(graph: string, signal: AbortSignal): Promise<void> {
  await watchProgress(graph, signal, (now) => {
    progress.value = now;
  });
  if (signal.aborted) return;
  refreshed.value = undefined;
  askAgain();
}
