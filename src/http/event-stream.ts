import { setTimeout as delay } from "node:timers/promises";

/** How often is looked whether something has changed. */
const LOOK_MS = 1000;
/** A proxy in between closes a connection that is silent for a minute, as a rule. */
const KEEP_ALIVE_MS = 15_000;
/** A stream that has lasted so long ends; a browser's EventSource asks again by itself. */
const MAX_MS = 15 * 60_000;

export interface Watched<Value> {
  /** What was seen already: the first event. */
  readonly first: Value;
  readonly look: () => Promise<Value>;
  /** Nothing comes after this one. */
  readonly isLast: (value: Value) => boolean;
}

/**
 * Server-sent events: the values as JSON, one each time that it is another. Ends after the last, when the signal aborts, or after a
 * quarter of an hour.
 *
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export async function* eventStream<Value>(
  { first, look, isLast }: Watched<Value>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const end = performance.now() + MAX_MS;
  let value = first;
  let told = JSON.stringify(value);
  let toldAt = performance.now();
  yield `data: ${told}\n\n`;
  while (!isLast(value) && performance.now() < end) {
    try {
      await delay(LOOK_MS, undefined, { signal });
      value = await look();
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    const text = JSON.stringify(value);
    if (text !== told) yield `data: ${text}\n\n`;
    else if (performance.now() - toldAt >= KEEP_ALIVE_MS) yield ": nothing new\n\n";
    else continue;
    told = text;
    toldAt = performance.now();
  }
}
