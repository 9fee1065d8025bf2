import type { Window } from "./address.js";
import { call } from "./api.js";

/** How far the making of a graph is. */
export interface Progress {
  readonly text: string;
  /** 0 to 1, where it is known. */
  readonly part: number | undefined;
}

const AGAIN_MS = 2000;

/** Tells how far a graph is until it is made, or has failed. Never rejects. */
export async function watchProgress(
  { start, stop }: Window,
  signal: AbortSignal,
  tell: (progress: Progress) => void,
): Promise<void> {
  const query = new URLSearchParams({ start, stop }).toString();
  tell({ text: "The graph is being made.", part: undefined });
  while (!signal.aborted) {
    let ms = AGAIN_MS;
    try {
      const { status, retryAfterMs } = await call(`/graph?${query}`, { method: "HEAD", signal });
      if (status !== 204 && status < 500) return;
      ms = retryAfterMs;
    } catch {
      // It is tried again: until then, this is what there is to tell.
      if (!signal.aborted) tell({ text: "The service can't be reached. Trying again.", part: undefined });
    }
    await pause(ms, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
