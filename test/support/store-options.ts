import type { StoreOptions } from "../../src/storage/storage.js";

/** For a store whose job nobody takes away. */
export function unfenced(signal: AbortSignal): StoreOptions {
  return { signal, beforeCommit: async () => undefined };
}
