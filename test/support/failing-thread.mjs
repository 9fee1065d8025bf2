/** Preloaded with `node --import`: a thread whose message comes while there is a file FAIL_THREADS fails at it. */
import { existsSync } from "node:fs";
import { isMainThread, parentPort } from "node:worker_threads";

const { FAIL_THREADS } = process.env;
if (!isMainThread && FAIL_THREADS !== undefined) {
  // No listener of our own: it would let messages come before the thread listens, who would never learn of them.
  const on = parentPort.on.bind(parentPort);
  parentPort.on = (name, listener) =>
    on(name, (...given) => {
      // Not looked for before: the next thread may start before the file is removed.
      if (existsSync(FAIL_THREADS)) throw new Error("out of memory");
      listener(...given);
    });
}
