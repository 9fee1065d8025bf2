import { afterAll } from "vitest";
import { endChildren, killChildren } from "./child.js";

// Before each file that starts processes: whatever becomes of its tests, none of them outlives it.
afterAll(endChildren);
// A worker is ended by a signal, which nobody hears of in "exit".
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    killChildren();
    process.kill(process.pid, signal);
  });
}
