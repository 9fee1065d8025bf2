import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { MetricDescription, MetricDescriptions } from "./prometheus-metrics.js";
import type { Exposition, Stats, Tags } from "./stats.js";

type Observe = (value: number, tags?: Tags) => void;

/**
 * Keeps statistics as metrics of Prometheus, beside those that every Node process has (`process_…`, `nodejs_…`). A statistic
 * without a description is left out.
 */
export function createPrometheus({ counters, gauges, histograms }: MetricDescriptions): {
  readonly stats: Stats;
  readonly exposition: Exposition;
} {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const base = ({ name, help, labels = [] }: MetricDescription) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  });

  const increments = new Map<string, Observe>();
  for (const each of counters) {
    const counter = new Counter(base(each));
    for (const labels of each.zeros ?? []) counter.inc(labels, 0);
    for (const [statistic, fixed] of Object.entries(each.of)) {
      increments.set(statistic, (value, tags) => counter.inc({ ...tags, ...fixed }, value));
    }
  }
  const levels = new Map<string, Observe>();
  for (const each of gauges) {
    const gauge = new Gauge(base(each));
    for (const [statistic, fixed] of Object.entries(each.of)) {
      levels.set(statistic, (value, tags) => gauge.set({ ...tags, ...fixed }, value));
    }
  }
  const observations = new Map<string, Observe>();
  for (const each of histograms) {
    const histogram = new Histogram({ ...base(each), buckets: [...each.buckets] });
    for (const [statistic, fixed] of Object.entries(each.of)) {
      observations.set(statistic, (value, tags) =>
        histogram.observe({ ...tags, ...fixed }, value * each.scale),
      );
    }
  }
  return {
    stats: {
      increment: (name, value, tags) => increments.get(name)?.(value, tags),
      gauge: (name, value, tags) => levels.get(name)?.(value, tags),
      distribution: (name, value, tags) => observations.get(name)?.(value, tags),
    },
    exposition: { contentType: registry.contentType, text: () => registry.metrics() },
  };
}
