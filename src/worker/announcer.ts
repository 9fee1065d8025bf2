import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { RefusedError } from "../answer/refused-error.js";
import { uninterrupted } from "../deadline.js";
import type { Storage } from "../storage/storage.js";
import type { TimeWindow } from "../window.js";
import { Background } from "./background.js";
import type { Claims } from "./claims.js";
import type { GraphList } from "./graph-list.js";

/** A finding as callers get it, of which this much is needed here. */
const Announced = z.looseObject({ id: z.string(), severity: z.string(), title: z.string() });
export type Announced = z.infer<typeof Announced>;
/** The answer to a question about findings. */
export const Announceable = z.object({ findings: z.array(Announced) });

/** Where new findings are sent. */
export interface Announcements {
  /** Resolves when it has been taken. */
  send(finding: Announced, window: TimeWindow, signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface AnnouncerOptions {
  /** Undefined: nobody wants to be told. */
  readonly to: Announcements | undefined;
  /** Lengths of the scheduled windows, in milliseconds. */
  readonly lengthsMs: readonly number[];
  readonly storage: Storage;
  readonly claims: Claims;
  readonly list: GraphList;
  /** What stands out in a window whose graph is stored, the most urgent first. */
  readonly find: (window: TimeWindow, signal: AbortSignal) => Promise<readonly Announced[]>;
  readonly onSent: (window: TimeWindow, finding: Announced) => void;
  /** It is tried again, unless the graph is too large. */
  readonly onFailure: (window: TimeWindow, error: unknown) => void;
  /** How often it looks, in milliseconds; a receiver that fails gets twice the time after each failure. */
  readonly lookMs?: number;
}

const DAY_MS = 24 * 3_600_000;
const LOOK_MS = 30_000;
const MAX_PAUSE_MS = 10 * 60_000;
/** Windows of one length that wait, the latest of them: the receiver may be gone for days. */
const MAX_WAITING = 24;

/**
 * Tells of each new finding of scheduled windows, once. A finding is new when no scheduled window of the same length had it
 * within the day before, or, for windows of a day, the window before: a finding's id is the same in each.
 *
 * What was told is kept in the entry of the graph, so that it is known to all processes, and to the next ones. Each process looks after
 * every window; who has the claim of its graph tells. The entry is written after each finding that was taken: who is killed in
 * between leaves one that is told again, and nothing that isn't told.
 */
export class Announcer extends Background {
  readonly #options: AnnouncerOptions;
  /** Of each length, the windows whose findings may not have been told, in their order. */
  readonly #waiting: ReadonlyMap<number, TimeWindow[]>;
  #woken = new AbortController();

  constructor(options: AnnouncerOptions) {
    super();
    this.#options = options;
    this.#waiting = new Map(options.lengthsMs.map((ms) => [ms, []]));
  }

  /** Looks after a window from now on, if it is a scheduled one. */
  expect(window: TimeWindow): void {
    const waiting = this.#waiting.get(window.ms);
    const isScheduled = window.scope === undefined && window.startDate.getTime() % window.ms === 0;
    if (this.#options.to === undefined || waiting === undefined || !isScheduled) return;
    if (!waiting.some(({ id }) => id === window.id)) {
      waiting.push(window);
      waiting.sort((one, other) => one.stopDate.getTime() - other.stopDate.getTime());
      waiting.splice(0, waiting.length - MAX_WAITING);
    }
    this.#woken.abort();
  }

  override async stop(): Promise<void> {
    await super.stop();
    await this.#options.to?.stop();
  }

  protected async run(signal: AbortSignal): Promise<void> {
    if (this.#options.to === undefined) return;
    let failures = 0;
    while (!signal.aborted) {
      this.#woken = new AbortController();
      const all = await Promise.all(
        [...this.#waiting.values()].map((waiting) => this.#tellAll(waiting, signal)),
      );
      failures = all.includes("failed") ? failures + 1 : 0;
      const pauseMs = Math.min((this.#options.lookMs ?? LOOK_MS) * 2 ** failures, MAX_PAUSE_MS);
      // A receiver that fails isn't asked sooner for that.
      const end = failures > 0 ? signal : AbortSignal.any([signal, this.#woken.signal]);
      await delay(pauseMs, undefined, { signal: end, ref: false }).catch(() => undefined);
    }
  }

  /** In their order, since what is new in one depends on the one before: up to the first that has to wait. */
  async #tellAll(waiting: TimeWindow[], signal: AbortSignal): Promise<"done" | "waits" | "failed"> {
    // Another one may come ahead of it meanwhile.
    for (let [window] = waiting; window !== undefined; [window] = waiting) {
      try {
        if (!(await this.#tell(window, signal))) return "waits";
        // It may have been dropped meanwhile, for later ones.
        const at = waiting.indexOf(window);
        if (at !== -1) waiting.splice(at, 1);
      } catch (error) {
        if (!signal.aborted) this.#options.onFailure(window, error);
        return "failed";
      }
    }
    return "done";
  }

  /** False: it is to be looked at again. */
  async #tell(window: TimeWindow, signal: AbortSignal): Promise<boolean> {
    const { storage, claims, list } = this.#options;
    const graph = await storage.head(window.id, signal);
    if (graph === undefined) {
      const { condition } = await claims.status(window, signal);
      if (["queued", "working", "free", "abandoned"].includes(condition)) return false;
      // A job that ended in between left a graph. Where nobody makes it, whoever does some day says so.
      return (await storage.head(window.id, signal)) === undefined;
    }
    if ((await list.told(window, signal))?.size === graph.size) return true;
    // Not interrupted: it would leave the claim to lapse.
    const claim = await claims.hold(window, uninterrupted());
    if (claim === undefined) return false;
    claim.keep();
    try {
      await this.#tellOf(window, AbortSignal.any([signal, claim.lost]));
      return true;
    } finally {
      await claim.giveBack();
    }
  }

  async #tellOf(window: TimeWindow, signal: AbortSignal): Promise<void> {
    const { to, storage, list, find, onSent, onFailure } = this.#options;
    // Another process may have told since.
    const [graph, own] = await Promise.all([storage.head(window.id, signal), list.told(window, signal)]);
    if (graph === undefined || own?.size === graph.size) return;
    const before = own?.seen ?? (await this.#seenBefore(window, signal));
    const seen = new Map(Object.entries(before));
    const write = (size?: number) => {
      const told = { seen: Object.fromEntries(seen), ...(size !== undefined && { size }) };
      return list.add(window, graph.size, { told }, signal);
    };
    const findings = await find(window, signal).catch((error: unknown) => {
      if (!(error instanceof RefusedError)) throw error;
      // Too large, now and the next time.
      onFailure(window, error);
      return [];
    });
    for (const finding of findings) {
      if (!seen.has(finding.id)) {
        // Where it can't be written, nothing is sent: it would be sent again each time.
        await write();
        await to?.send(finding, window, signal);
        onSent(window, finding);
      }
      seen.set(finding.id, window.stop);
    }
    await write(graph.size);
  }

  /** What the latest window before that was told has seen within the day. */
  async #seenBefore(window: TimeWindow, signal: AbortSignal): Promise<Record<string, string>> {
    const memoryMs = Math.max(DAY_MS, window.ms);
    const since = window.stopDate.getTime() - memoryMs;
    for (const before of window.before(Math.min(memoryMs / window.ms, MAX_WAITING))) {
      const told = await this.#options.list.told(before, signal);
      if (told === undefined) continue;
      return Object.fromEntries(Object.entries(told.seen).filter(([, last]) => Date.parse(last) >= since));
    }
    return {};
  }
}
