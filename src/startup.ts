import { setTimeout } from "node:timers/promises";
import { DependencyError, type DependencyName } from "./errors.js";
import type { Module } from "./module.js";

/** Milliseconds that a start waits for modules, all of them together. */
const PATIENCE_MS = 5000;

/**
 * Starts modules, one after the other. Those that take too long go on by themselves, and the others are started meanwhile:
 * a store that never answers must not keep the process from saying so.
 *
 * @param started is told of each that may be used and has to be stopped
 * @returns those that are late, until they have started, with why they can't serve: for ever when they failed
 * @throws what a module that answered in time said
 */
export async function startModules<Name extends DependencyName>(
  modules: readonly (readonly [Name, Module])[],
  started: (module: Module) => void,
): Promise<ReadonlyMap<Name, unknown>> {
  const late = new Map<Name, unknown>();
  const over = new AbortController();
  const patience = setTimeout(PATIENCE_MS, "late" as const, { signal: over.signal });
  patience.catch(() => undefined);
  try {
    for (const [name, module] of modules) {
      const starting = Promise.resolve(module.start?.());
      if ((await Promise.race([starting, patience])) === "late") {
        late.set(name, new DependencyError(name, "it has not started yet", { timedOut: true }));
        starting.then(
          () => late.delete(name),
          (error: unknown) => late.set(name, error),
        );
      }
      started(module);
    }
  } finally {
    over.abort();
  }
  return late;
}
