/** Preloaded with `node --expose-gc --import`: collects garbage at each SIGUSR2 and logs what is left, in bytes. */
let sample = 0;
process.on("SIGUSR2", () => {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  const time = new Date().toISOString();
  console.log(JSON.stringify({ level: "info", time, message: "heap", sample: sample++, heapUsed, external }));
});
