// Imported for what it does: at the process's end, says on stderr what it held and how long its event loop was kept.
import { monitorEventLoopDelay } from "node:perf_hooks";

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

process.once("exit", () => {
  const report = {
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    loopP99Ms: delay.percentile(99) / 1e6,
    loopMaxMs: delay.max / 1e6,
  };
  console.error(JSON.stringify(report));
});
