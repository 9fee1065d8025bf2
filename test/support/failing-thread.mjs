/**
 * Preloaded with `node --import`: a thread of the script FAIL_THREAD whose message comes while there is a file FAIL_WHILE fails at it, and
 * takes its time to end.
 */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { isMainThread, parentPort } from "node:worker_threads";

const { FAIL_THREAD, FAIL_WHILE } = process.env;
/** Longer than it takes to ask again. */
const ENDS_AFTER_MS = 1000;

if (!isMainThread && FAIL_WHILE !== undefined && basename(process.argv[1] ?? "") === FAIL_THREAD) {
  const { reallyExit } = process;
  process.reallyExit = (code) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ENDS_AFTER_MS);
    reallyExit.call(process, code);
  };

  // No listener of our own: it would let messages come before the thread listens, who would never learn of them.
  const on = parentPort.on.bind(parentPort);
  parentPort.on = (name, listener) =>
    on(name, (...given) => {
      // Not looked for before: the next thread may start before the file is removed.
      if (existsSync(FAIL_WHILE)) throw new Error("out of memory");
      listener(...given);
    });
}
