import { performance } from "node:perf_hooks";
import { addAbortSignal, Readable } from "node:stream";
import { withDeadline } from "../deadline.js";
import type { Digester } from "../digester/digester.js";
import { CorruptInputError, DependencyError, type DependencyName, RetryLaterError } from "../errors.js";
import type { Marker } from "../marker/marker.js";
import type { Module } from "../module.js";
import type { Queuer } from "../queuer/queuer.js";
import type { EdgeStorage, EntryStorage, Storage } from "../storage/storage.js";
import type { Stats } from "./stats.js";

/**
 * Decorators that count and time the calls of a port, by outcome, and end a small call that is late: its error names the
 * dependency, whatever the module heeds. What they wrap doesn't know of them. A call that gives a stream has ended when
 * the stream begins; `storage.store` includes all that it reads.
 */

/** How long a module may take over a small call. Ours have shorter deadlines, and messages that say more. */
const CALL_MS = 30_000;

/** Where statistics are kept at the moment of a call. */
type CurrentStats = () => Stats;

function outcome(error: unknown): string {
  if (error instanceof RetryLaterError) return "retry-later";
  if (error instanceof CorruptInputError) return "corrupt";
  if (error instanceof DependencyError) return error.timedOut ? "timeout" : "error";
  return error instanceof Error && error.name === "TimeoutError" ? "timeout" : "aborted";
}

function observer(stats: CurrentStats, dependency: DependencyName) {
  const timed = async <Result>(operation: string, call: () => Promise<Result>): Promise<Result> => {
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
  const prompt = <Result>(
    operation: string,
    signal: AbortSignal,
    call: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> => timed(operation, () => inTime(dependency, operation, signal, call));
  return { timed, prompt };
}

function inTime<Result>(
  dependency: DependencyName,
  operation: string,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  return withDeadline({ dependency, doing: `${dependency}.${operation}`, ms: CALL_MS }, signal, call);
}

/** What every module may have, handed on. */
function lifecycle(dependency: DependencyName, module: Module): Required<Module> {
  return {
    start: async () => module.start?.(),
    listening: (address) => module.listening?.(address),
    drain: async () => module.drain?.(),
    stop: async () => module.stop?.(),
    ready: (signal) => inTime(dependency, "ready", signal, async (signal) => module.ready?.(signal)),
  };
}

export function instrumentStorage(storage: Storage, stats: CurrentStats): Storage {
  const { timed, prompt } = observer(stats, "storage");
  return {
    ...lifecycle("storage", storage),
    head: (id, signal) => prompt("head", signal, (signal) => storage.head(id, signal)),
    get: (id, signal) =>
      prompt("get", signal, async (inTime) => {
        const graph = await storage.get(id, inTime);
        if (!(graph?.body instanceof Readable)) return graph;
        // Nobody waits for it any more.
        if (inTime.aborted) graph.body.destroy();
        else addAbortSignal(signal, graph.body);
        return graph;
      }),
    store: (id, body, options) => timed("store", () => storage.store(id, body, options)),
    ...(storage.edges && { edges: instrumentEdges(storage.edges, stats) }),
    ...(storage.entries && { entries: instrumentEntries(storage.entries, stats) }),
    ...(storage.remove && {
      remove: (id, signal) => prompt("remove", signal, async (signal) => storage.remove?.(id, signal)),
    }),
  };
}

function instrumentEntries(storage: EntryStorage, stats: CurrentStats): EntryStorage {
  const { prompt } = observer(stats, "storage");
  return {
    put: (entry, signal) => prompt("put-entry", signal, (signal) => storage.put(entry, signal)),
    get: (ref, signal) => prompt("get-entry", signal, (signal) => storage.get(ref, signal)),
    list: (query, signal) => prompt("list-entries", signal, (signal) => storage.list(query, signal)),
    remove: (ref, signal) => prompt("remove-entry", signal, (signal) => storage.remove(ref, signal)),
    unlisted: (signal) => prompt("count-unlisted", signal, (signal) => storage.unlisted(signal)),
  };
}

function instrumentEdges(storage: EdgeStorage, stats: CurrentStats): EdgeStorage {
  const { timed, prompt } = observer(stats, "storage");
  return {
    store: (id, body, options) => timed("store-edges", () => storage.store(id, body, options)),
    open: (id, signal) =>
      prompt("open-edges", signal, async (signal) => {
        const edges = await storage.open(id, signal);
        // Nobody waits for them any more.
        if (signal.aborted) await edges?.close();
        return edges;
      }),
  };
}

export function instrumentMarker(marker: Marker, stats: CurrentStats): Marker {
  const { prompt } = observer(stats, "marker");
  return {
    ...lifecycle("marker", marker),
    read: (id, signal) => prompt("read", signal, (signal) => marker.read(id, signal)),
    create: (id, claim, signal) => prompt("create", signal, (signal) => marker.create(id, claim, signal)),
    replace: (id, version, claim, signal) =>
      prompt("replace", signal, (signal) => marker.replace(id, version, claim, signal)),
    remove: (id, version, signal) => prompt("remove", signal, (signal) => marker.remove(id, version, signal)),
    async *list(signal) {
      const records = marker.list(signal)[Symbol.asyncIterator]();
      try {
        // Its caller does work of its own between the records.
        let next = await prompt("list", signal, () => records.next());
        for (; next.done !== true; next = await inTime("marker", "list", signal, () => records.next())) {
          yield next.value;
        }
      } finally {
        // Not awaited: that would wait for a page that is late.
        void Promise.resolve(records.return?.()).catch(() => undefined);
      }
    },
  };
}

export function instrumentQueuer(queuer: Queuer, stats: CurrentStats): Queuer {
  const { prompt } = observer(stats, "queuer");
  return {
    ...lifecycle("queuer", queuer),
    // Known only when the process listens.
    get local() {
      return queuer.local ?? false;
    },
    ...(queuer.loopbackToken !== undefined && { loopbackToken: queuer.loopbackToken }),
    queue: (job, signal, notBefore) =>
      prompt("queue", signal, (signal) => queuer.queue(job, signal, notBefore)),
  };
}

export function instrumentDigester(digester: Digester, stats: CurrentStats): Digester {
  const { timed } = observer(stats, "digester");
  return {
    ...lifecycle("digester", digester),
    digest: (window, signal, making) => timed("digest", () => digester.digest(window, signal, making)),
    // An epoch long past is now.
    readyAt: (window) => digester.readyAt?.(window) ?? new Date(0),
    ...(digester.checkScope && { checkScope: (scope) => digester.checkScope?.(scope) }),
  };
}
