import { StatsD } from "hot-shots";
import { z } from "zod";
import { integer, interval } from "../settings.js";
import { GatheredStats } from "./gathered-stats.js";
import type { Logger } from "./log.js";
import { cachedLookup } from "./lookup.js";
import type { StatsOutput } from "./stats.js";

/** How often the fact that statistics don't get through is logged. */
const COMPLAIN_EVERY_MS = 10 * 60_000;

/** How long counts are added up at most before they wait for their packet. */
const GATHERED_MS = 1000;

const address = z.string().transform((text, context) => {
  const [, ipv6, host, port] = /^(?:\[([\da-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const number = Number(port);
  if (number >= 1 && number <= 65_535) return { host: ipv6 ?? host ?? "", port: number };
  context.addIssue('expected "host:port"');
  return z.NEVER;
});

/** `a:b,c` or `a:b c`: what may stand in a packet between the separators. `""` is how the Go service wrote none. */
const tags = z.string().transform((text, context) => {
  const list = text.split(/[ \t,]+/).filter((tag) => tag !== "" && tag !== '""');
  if (list.every((tag) => /^[\w.:/-]{1,200}$/.test(tag))) return list;
  context.addIssue('expected tags such as "env:prod,team:net", of letters, digits and _ . : / -');
  return z.NEVER;
});

export const dogstatsdSettings = {
  RUNTIME_STATS_DATADOG_ADDRESS: address
    .prefault("localhost:8125")
    .describe("the DogStatsD server, `host:port`. The service runs without it, too"),
  RUNTIME_STATS_DATADOG_PACKETSIZE: integer(512, 65_507)
    .prefault("32768")
    .describe("largest packet, in bytes. Use 1432 if packets leave the machine"),
  RUNTIME_STATS_DATADOG_TAGS: tags.optional().describe("tags of every metric, separated by commas or spaces"),
  RUNTIME_STATS_DATADOG_FLUSHINTERVAL: interval
    .prefault("10s")
    .describe("how long a metric may wait until its packet is full"),
};
type DogstatsdSettings = z.infer<z.ZodObject<typeof dogstatsdSettings>>;

/**
 * Statistics over DogStatsD. A server that is absent, slow or not to be found costs packets, and nothing else: failures
 * are logged now and then.
 */
export function createDogstatsd(
  settings: DogstatsdSettings,
  log: Logger,
): Required<Pick<StatsOutput, "stats" | "close">> {
  const { host, port } = settings.RUNTIME_STATS_DATADOG_ADDRESS;
  let failures = 0;
  let complainedAt = Number.NEGATIVE_INFINITY;
  const client = new StatsD({
    host,
    port,
    protocol: "udp",
    maxBufferSize: settings.RUNTIME_STATS_DATADOG_PACKETSIZE,
    bufferFlushInterval: settings.RUNTIME_STATS_DATADOG_FLUSHINTERVAL,
    globalTags: settings.RUNTIME_STATS_DATADOG_TAGS ?? [],
    udpSocketOptions: { type: host.includes(":") ? "udp6" : "udp4", lookup: cachedLookup() },
    errorHandler: (error) => {
      failures++;
      if (performance.now() - complainedAt < COMPLAIN_EVERY_MS) return;
      complainedAt = performance.now();
      log.warn({ reason: error.message, failures }, "stats-failure");
    },
    // All that is set is set above: no variables that nobody documented.
    datadog: false,
    includeDataDogTags: false,
    includeDatadogTelemetry: false,
  });
  const stats = new GatheredStats(
    client,
    Math.min(settings.RUNTIME_STATS_DATADOG_FLUSHINTERVAL, GATHERED_MS),
  );
  return {
    stats,
    close: () => {
      stats.close();
      return new Promise((resolve) => client.close(() => resolve()));
    },
  };
}
