import { setTimeout as delay } from "node:timers/promises";
import type { GraphRef } from "../window.js";
import { Background } from "./background.js";
import type { GraphList } from "./graph-list.js";

export interface RetentionOptions {
  readonly list: GraphList;
  /** How long ago the window of a graph may have ended, in milliseconds. Undefined: graphs stay. */
  readonly retentionMs: number | undefined;
  readonly onRemoved: (ref: GraphRef) => void;
  /** Of a graph, or of the list of them. It is tried again at the next sweep. */
  readonly onFailure: (ref: GraphRef | undefined, error: unknown) => void;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const PAGE = 100;

/** Removes graphs whose window ended too long ago, with all that belongs to them. Every process does so; claims keep them apart. */
export class Retention extends Background {
  readonly #options: RetentionOptions;

  constructor(options: RetentionOptions) {
    super();
    this.#options = options;
  }

  protected async run(signal: AbortSignal): Promise<void> {
    const { retentionMs } = this.#options;
    if (retentionMs === undefined) return;
    const pauseMs = Math.min(HOUR_MS, Math.max(MINUTE_MS, retentionMs / 10));
    while (!signal.aborted) {
      await this.sweep(new Date(Date.now() - retentionMs), signal);
      await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Removes the graphs whose window ended at this time or before, as far as it can. Never rejects. */
  async sweep(ended: Date, signal: AbortSignal): Promise<void> {
    const { list, onRemoved, onFailure } = this.#options;
    try {
      for await (const ref of list.ended(ended, PAGE, signal)) {
        signal.throwIfAborted();
        try {
          if (await list.remove(ref)) onRemoved(ref);
        } catch (error) {
          onFailure(ref, error);
        }
      }
    } catch (error) {
      if (!signal.aborted) onFailure(undefined, error);
    }
  }
}
