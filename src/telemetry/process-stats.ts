import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { Stats } from "./stats.js";

const INTERVAL_MS = 10_000;
const NS_PER_MS = 1e6;

/** Jobs in process. */
export interface Load {
  readonly working: number;
  readonly waiting: number;
}

/**
 * Reports how the process does, every ten seconds: event-loop delay, memory, jobs.
 *
 * @returns a function that ends it, with a last report
 */
export function reportProcess(stats: Stats, load: () => Load, intervalMs = INTERVAL_MS): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let busy = performance.eventLoopUtilization();
  const report = () => {
    // NaN until the first sample.
    if (delay.count > 0) {
      stats.gauge("grapherd.process.event_loop_delay.p50", delay.percentile(50) / NS_PER_MS);
      stats.gauge("grapherd.process.event_loop_delay.p99", delay.percentile(99) / NS_PER_MS);
      stats.gauge("grapherd.process.event_loop_delay.max", delay.max / NS_PER_MS);
    }
    delay.reset();
    const now = performance.eventLoopUtilization();
    stats.gauge(
      "grapherd.process.event_loop_utilization",
      performance.eventLoopUtilization(now, busy).utilization,
    );
    busy = now;
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    stats.gauge("grapherd.process.memory.rss", rss);
    stats.gauge("grapherd.process.memory.heap_used", heapUsed);
    stats.gauge("grapherd.process.memory.external", external);
    stats.gauge("grapherd.process.memory.array_buffers", arrayBuffers);
    const { working, waiting } = load();
    stats.gauge("grapherd.jobs.in_process", working, { state: "working" });
    stats.gauge("grapherd.jobs.in_process", waiting, { state: "waiting" });
  };
  const interval = setInterval(report, intervalMs).unref();
  return () => {
    clearInterval(interval);
    report();
    delay.disable();
  };
}
