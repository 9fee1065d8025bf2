// Threads that the code under test starts run what is built of it: loading TypeScript takes each of them half a second.
import { syncBuiltinESMExports } from "node:module";
import workers from "node:worker_threads";

workers.Worker = class extends workers.Worker {
  constructor(program, options) {
    super(new URL(String(program).replace(/\/src\/(.*)\.ts$/, "/dist/$1.js")), options);
  }
};
syncBuiltinESMExports();
