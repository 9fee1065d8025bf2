import { performance } from "node:perf_hooks";
import type { Digester } from "../digester/digester.js";
import { CorruptInputError, DependencyError, RetryLaterError } from "../errors.js";
import type { Marker } from "../marker/marker.js";
import type { Module } from "../module.js";
import type { Queuer } from "../queuer/queuer.js";
import type { Storage } from "../storage/storage.js";
import type { Stats } from "./stats.js";

/**
 * Decorators that count and time the calls of a port, by outcome. What they wrap doesn't know of them. A call that gives
 * a stream has ended when the stream begins; `storage.store` includes all that it reads.
 */

/** Where statistics are kept at the moment of a call. */
type CurrentStats = () => Stats;

function outcome(error: unknown): string {
  if (error instanceof RetryLaterError) return "retry-later";
  if (error instanceof CorruptInputError) return "corrupt";
  if (error instanceof DependencyError) return error.timedOut ? "timeout" : "error";
  return error instanceof Error && error.name === "TimeoutError" ? "timeout" : "aborted";
}

function timer(stats: CurrentStats, dependency: string) {
  return async <Result>(operation: string, call: () => Promise<Result>): Promise<Result> => {
    const began = performance.now();
    const ended = (how: string) => {
      const tags = { dependency, operation, outcome: how };
      stats().increment("grapherd.dependency.calls", 1, tags);
      stats().distribution("grapherd.dependency.duration", performance.now() - began, tags);
    };
    try {
      const result = await call();
      ended("ok");
      return result;
    } catch (error) {
      ended(outcome(error));
      throw error;
    }
  };
}

/** What every module may have, handed on. */
function lifecycle(module: Module): Required<Module> {
  return {
    start: async () => module.start?.(),
    listening: (address) => module.listening?.(address),
    stop: async () => module.stop?.(),
    ready: async (signal) => module.ready?.(signal),
  };
}

export function instrumentStorage(storage: Storage, stats: CurrentStats): Storage {
  const timed = timer(stats, "storage");
  return {
    ...lifecycle(storage),
    head: (id, signal) => timed("head", () => storage.head(id, signal)),
    get: (id, signal) => timed("get", () => storage.get(id, signal)),
    store: (id, body, signal) => timed("store", () => storage.store(id, body, signal)),
  };
}

export function instrumentMarker(marker: Marker, stats: CurrentStats): Marker {
  const timed = timer(stats, "marker");
  return {
    ...lifecycle(marker),
    read: (id, signal) => timed("read", () => marker.read(id, signal)),
    create: (id, claim, signal) => timed("create", () => marker.create(id, claim, signal)),
    replace: (id, version, claim, signal) =>
      timed("replace", () => marker.replace(id, version, claim, signal)),
    remove: (id, version, signal) => timed("remove", () => marker.remove(id, version, signal)),
    async *list(signal) {
      const records = marker.list(signal)[Symbol.asyncIterator]();
      try {
        // Its caller does work of its own between the records.
        let next = await timed("list", () => records.next());
        for (; next.done !== true; next = await records.next()) yield next.value;
      } finally {
        await records.return?.();
      }
    },
  };
}

export function instrumentQueuer(queuer: Queuer, stats: CurrentStats): Queuer {
  const timed = timer(stats, "queuer");
  return {
    ...lifecycle(queuer),
    // Known only when the process listens.
    get local() {
      return queuer.local ?? false;
    },
    ...(queuer.loopbackToken !== undefined && { loopbackToken: queuer.loopbackToken }),
    queue: (job, signal) => timed("queue", () => queuer.queue(job, signal)),
  };
}

export function instrumentDigester(digester: Digester, stats: CurrentStats): Digester {
  const timed = timer(stats, "digester");
  return {
    ...lifecycle(digester),
    digest: (window, signal) => timed("digest", () => digester.digest(window, signal)),
    // An epoch long past is now.
    readyAt: (window) => digester.readyAt?.(window) ?? new Date(0),
  };
}
