import type { Stats, Tags } from "./stats.js";

interface Metric {
  /** The line of a value is this, the value, and `end`. */
  readonly begin: string;
  readonly end: string;
  /** What waits for the next `flush`. */
  value: number | undefined;
}

export interface MetricLinesOptions {
  /** Tags of every metric, as `name:value`. One of a metric's own with the same name takes its place. */
  readonly tags: readonly string[];
  /** Largest packet, in bytes. A line that is longer is a packet of its own. */
  readonly packetBytes: number;
  readonly send: (packet: string) => void;
}

/**
 * Writes statistics as lines of DogStatsD, several to a packet: https://docs.datadoghq.com/developers/dogstatsd/datagram_shell.
 * Counts are added up until `flush`, and of a gauge the last value is kept. Each request counts several times, so the text of a
 * name and its tags is made once: there are few of them, as `Tags` says.
 */
export class MetricLines implements Stats {
  readonly #options: MetricLinesOptions;
  readonly #metrics = new Map<string, Metric>();
  #packet: string[] = [];
  #bytes = 0;

  constructor(options: MetricLinesOptions) {
    this.#options = options;
  }

  increment(name: string, value: number, tags?: Tags): void {
    const metric = this.#metric(name, "c", tags);
    metric.value = (metric.value ?? 0) + value;
  }

  gauge(name: string, value: number, tags?: Tags): void {
    this.#metric(name, "g", tags).value = value;
  }

  distribution(name: string, value: number, tags?: Tags): void {
    this.#add(this.#metric(name, "d", tags), value);
  }

  /** Sends what waits. */
  flush(): void {
    for (const metric of this.#metrics.values()) {
      if (metric.value !== undefined) this.#add(metric, metric.value);
      metric.value = undefined;
    }
    this.#send();
  }

  #metric(name: string, type: "c" | "g" | "d", tags: Tags | undefined): Metric {
    let key = type + name;
    for (const tag in tags) key += `|${tags[tag]}`;
    let metric = this.#metrics.get(key);
    if (metric === undefined) {
      const all = this.#tags(tags ?? {});
      metric = { begin: `${name}:`, end: `|${type}${all && `|#${all}`}`, value: undefined };
      this.#metrics.set(key, metric);
    }
    return metric;
  }

  #tags(own: Tags): string {
    const others = this.#options.tags.filter((tag) => own[tag.split(":", 1)[0] ?? ""] === undefined);
    const named = Object.entries(own).map(([name, value]) => `${name}:${value.replaceAll(/[|,\n]/g, "_")}`);
    return [...others, ...named].join(",");
  }

  #add({ begin, end }: Metric, value: number): void {
    const line = `${begin}${value}${end}`;
    // With what separates it from the next.
    const bytes = Buffer.byteLength(line) + 1;
    if (this.#bytes + bytes > this.#options.packetBytes + 1) this.#send();
    this.#packet.push(line);
    this.#bytes += bytes;
  }

  #send(): void {
    if (this.#packet.length === 0) return;
    this.#options.send(this.#packet.join("\n"));
    this.#packet = [];
    this.#bytes = 0;
  }
}
