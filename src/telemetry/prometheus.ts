import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { MetricDescription, MetricDescriptions } from "./prometheus-metrics.js";
import type { Exposition, Stats, Tags } from "./stats.js";

type Observe = (value: number, tags?: Tags) => void;

/** How each of these statistics is observed. */
function observersOf<Description extends MetricDescription>(
  descriptions: readonly Description[],
  create: (description: Description) => (labels: Tags, value: number) => void,
): Map<string, Observe> {
  const observers = new Map<string, Observe>();
  for (const description of descriptions) {
    const observe = create(description);
    for (const [statistic, fixed] of Object.entries(description.of)) {
      observers.set(statistic, (value, tags) => observe({ ...tags, ...fixed }, value));
    }
  }
  return observers;
}

/**
 * Keeps statistics as metrics of Prometheus, beside those that every Node process has (`process_…`, `nodejs_…`). A statistic
 * without a description is left out.
 */
export function createPrometheus(descriptions: MetricDescriptions): {
  readonly stats: Stats;
  readonly exposition: Exposition;
} {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const base = ({ name, help, labels }: MetricDescription) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  });
  const counters = observersOf(descriptions.counters, (each) => {
    const counter = new Counter(base(each));
    for (const labels of each.zeros ?? []) counter.inc(labels, 0);
    return (labels, value) => counter.inc(labels, value);
  });
  const gauges = observersOf(descriptions.gauges, (each) => {
    const gauge = new Gauge(base(each));
    return (labels, value) => gauge.set(labels, value);
  });
  const histograms = observersOf(descriptions.histograms, (each) => {
    const histogram = new Histogram({ ...base(each), buckets: [...each.buckets] });
    return (labels, value) => histogram.observe(labels, value * each.scale);
  });
  return {
    stats: {
      increment: (name, value, tags) => counters.get(name)?.(value, tags),
      gauge: (name, value, tags) => gauges.get(name)?.(value, tags),
      distribution: (name, value, tags) => histograms.get(name)?.(value, tags),
    },
    exposition: { contentType: registry.contentType, text: () => registry.metrics() },
  };
}
