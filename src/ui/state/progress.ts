import { number, clock, zoneName } from "./texts.js";
import { call } from "./api.js";

/** How far the making of a graph is. */
export interface Progress {
  readonly text: string;
  /** 0 to 1, where it is known. */
  readonly part: number | undefined;
}

/** What `GET /graph/progress` tells. */
interface Told {
  readonly state: "queued" | "settling" | "reading" | "storing" | "done" | "failed" | "none";
  readonly until?: string;
  readonly filesDone?: number;
  readonly files?: number;
  readonly records?: number;
}

const AGAIN_MS = 2000;

/**
 * Tells how far a graph is until it is made, or has failed. Never rejects.
 *
 * @param query names it to the API
 */
export async function watchProgress(
  query: string,
  signal: AbortSignal,
  tell: (progress: Progress) => void,
): Promise<void> {
  tell({ text: "The graph is being made.", part: undefined });
  while (!signal.aborted) {
    let ms = AGAIN_MS;
    try {
      await streamed(query, signal, tell);
      const { status, retryAfterMs } = await call(`/graph?${query}`, { method: "HEAD", signal });
      if (status !== 204 && status < 500) return;
      ms = retryAfterMs;
    } catch {
      // It is tried again: until then, this is what there is to tell.
      if (!signal.aborted) tell({ text: "The service can’t be reached. Trying again.", part: undefined });
    }
    await pause(ms, signal);
  }
}

/** Server-sent events, by fetch rather than EventSource, which can't send a token. Until the stream ends. */
async function streamed(
  query: string,
  signal: AbortSignal,
  tell: (progress: Progress) => void,
): Promise<void> {
  const { status, response } = await call(`/graph/progress?${query}`, {
    accept: "text/event-stream",
    signal,
  });
  if (status !== 200 || response.body === null) return;
  let begun = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value = "" } = await reader.read();
    if (done) return;
    const events = `${begun}${value}`.split("\n\n");
    begun = events.pop() ?? "";
    for (const event of events) {
      const data = /^data: ?(.*)$/m.exec(event)?.[1];
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- The service tells this.
      if (data !== undefined) tell(progressOf(JSON.parse(data) as Told));
    }
  }
}

function progressOf({ state, until, filesDone = 0, files, records = 0 }: Told): Progress {
  if (state === "settling" && until !== undefined) {
    return {
      text: `Waiting for late flow logs until ${clock(until, true)} ${zoneName()}.`,
      part: undefined,
    };
  }
  if (state === "reading") {
    const of = files === undefined ? "" : ` of ${number(files)}`;
    return {
      text: `Reading flow logs: ${number(filesDone)}${of} files, ${number(records)} records.`,
      part: files === undefined || files === 0 ? undefined : filesDone / files,
    };
  }
  if (state === "storing") return { text: "Storing the graph.", part: undefined };
  return { text: state === "queued" ? "Waiting for its turn." : "The graph is being made.", part: undefined };
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
