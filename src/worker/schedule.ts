import { MAX_TIMER_MS } from "../settings.js";
import { TimeWindow } from "../window.js";
import { Background } from "./background.js";

export interface ScheduleOptions {
  /** Lengths of windows, in milliseconds: each divides a day. */
  readonly lengthsMs: readonly number[];
  /** How many windows of each length that have ended already are asked for at the start. */
  readonly backfill: number;
  /** When the flow logs of a window can be expected to be complete. */
  readonly readyAt: (window: TimeWindow) => Date;
  /** Has the graph of a window made, unless it is there, being made, or has just failed. */
  readonly request: (window: TimeWindow) => Promise<void>;
  /** A window could not be asked for. It is tried again. */
  readonly onFailure: (window: TimeWindow, error: unknown) => void;
}

const RETRY_MS = 30_000;
/** Windows that are tried again, the latest of them: a store may fail for days. */
const MAX_FAILED = 1000;

/**
 * Asks for windows that nobody had to ask for: each when its flow logs are there. Every process does so for all windows; claims
 * make one job of it.
 */
export class Schedule extends Background {
  readonly #options: ScheduleOptions;

  constructor(options: ScheduleOptions) {
    super();
    this.#options = options;
  }

  protected async run(signal: AbortSignal): Promise<void> {
    const { lengthsMs, backfill, readyAt } = this.#options;
    if (lengthsMs.length === 0) return;
    const now = Date.now();
    // Of each length the window that is asked for next: the first of those that ended lately.
    const next = lengthsMs.map((ms) => windowAt((Math.floor(now / ms) - backfill) * ms, ms));
    let failed: TimeWindow[] = [];
    while (!signal.aborted) {
      const due = failed;
      for (const [place, first] of next.entries()) {
        let window = first;
        for (
          ;
          readyAt(window).getTime() <= Date.now();
          window = windowAt(window.stopDate.getTime(), window.ms)
        ) {
          due.push(window);
        }
        next[place] = window;
      }
      failed = (await this.#ask(due, signal)).slice(-MAX_FAILED);
      const times = next.map((window) => readyAt(window).getTime());
      const waitMs = Math.min(...times, ...(failed.length > 0 ? [Date.now() + RETRY_MS] : [])) - Date.now();
      await pause(Math.min(Math.max(waitMs, 0), MAX_TIMER_MS), signal);
    }
  }

  /** Those that could not be asked for. */
  async #ask(windows: readonly TimeWindow[], signal: AbortSignal): Promise<TimeWindow[]> {
    const { request, onFailure } = this.#options;
    const failed: TimeWindow[] = [];
    for (const window of windows) {
      if (signal.aborted) break;
      try {
        await request(window);
      } catch (error) {
        failed.push(window);
        onFailure(window, error);
      }
    }
    return failed;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms).unref();
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

function windowAt(start: number, ms: number): TimeWindow {
  return TimeWindow.parse(new Date(start).toISOString(), new Date(start + ms).toISOString());
}
