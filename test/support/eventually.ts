import { vi } from "vitest";
import { DEADLINE_MS } from "./deadline.js";

/**
 * Waits until a check that may need several assertions passes, and returns what it returns; rejects with its last error.
 * For a single value there is `expect.poll`, which waits as long.
 */
export function eventually<T>(check: () => T | Promise<T>, intervalMs = 50): Promise<T> {
  return vi.waitFor(check, { timeout: DEADLINE_MS, interval: intervalMs });
}
