// Threads that the code under test starts load TypeScript too: vitest sees to that in its own processes alone.
import { isMainThread } from "node:worker_threads";

if (!isMainThread) {
  const { register } = await import("tsx/esm/api");
  register();
}
