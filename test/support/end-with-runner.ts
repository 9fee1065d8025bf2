import { killChildren } from "./child.js";

// Once in each process that runs tests: its children end when it does, and it when the test runner does.
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
