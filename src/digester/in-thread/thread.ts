import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { FlowLogDigester } from "../flow-logs/flow-log-digester.js";
import { Making } from "./making.js";
import { LEAVE, type Task } from "./messages.js";
import { type Plan, sourceOf } from "./plan.js";

/** The thread that reads flow logs and makes graphs of them: all of a job that takes long, but to store what comes out. */

/** As of nice(1): so that those who answer callers, who need a processor for a moment, hardly wait for it. */
const NICE = 3;

if (process.platform === "linux") {
  try {
    // There each thread has a priority of its own, which is set by the thread's number.
    setPriority(Number(readlinkSync("/proc/thread-self").split("/").at(-1)), NICE);
  } catch {
    // Without /proc, or a right to do so, callers wait for some milliseconds more.
  }
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the threads are started
const { place, options } = workerData as Plan;
const digester = new FlowLogDigester({ ...options, source: sourceOf(place) });
const started = digester.start();
// Each task is told.
started.catch(() => undefined);

parentPort?.on("message", (task: Task | typeof LEAVE) => {
  if (task === LEAVE) {
    parentPort?.close();
    return;
  }
  const { window, making, port } = task;
  new Making(window, port).begin(async (signal) => {
    await started;
    return digester.digest(window, signal, making);
  });
});
