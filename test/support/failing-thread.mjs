/** Preloaded with `node --import`: a thread that starts while there is a file FAIL_THREADS fails at its first message. */
import { existsSync } from "node:fs";
import { isMainThread, parentPort } from "node:worker_threads";

const { FAIL_THREADS } = process.env;
if (!isMainThread && FAIL_THREADS !== undefined && existsSync(FAIL_THREADS)) {
  parentPort.once("message", () => {
    throw new Error("out of memory");
  });
}
