import { afterAll } from "vitest";
import { endChildren, killChildren } from "./child.js";

// Before each file that starts processes: whatever becomes of its tests, none of them outlives it.
afterAll(endChildren);
process.once("disconnect", () => {
  // The test runner was killed.
  killChildren();
  process.kill(process.pid, "SIGKILL");
});
// A worker is ended by a signal, which nobody hears of in "exit".
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    killChildren();
    process.kill(process.pid, signal);
  });
}
