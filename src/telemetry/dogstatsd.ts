import { createSocket } from "node:dgram";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { integer, interval } from "../settings.js";
import type { Logger } from "./log.js";
import { cachedLookup } from "./lookup.js";
import { MetricLines } from "./metric-lines.js";
import type { StatsOutput } from "./stats.js";

/** How often the fact that statistics don't get through is logged. */
const COMPLAIN_EVERY_MS = 10 * 60_000;

/** How long the last packets may take. */
const LAST_PACKETS_MS = 500;

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
  const failed = ({ message }: Error) => {
    failures++;
    if (performance.now() - complainedAt < COMPLAIN_EVERY_MS) return;
    complainedAt = performance.now();
    log.warn({ reason: message, failures }, "stats-failure");
  };
  const socket = createSocket({ type: host.includes(":") ? "udp6" : "udp4", lookup: cachedLookup() });
  socket.on("error", failed).unref();
  const sending = new Set<Promise<void>>();
  const send = (packet: string) => {
    const sent = new Promise<void>((resolve) => {
      socket.send(packet, port, host, (error) => {
        if (error !== null) failed(error);
        resolve();
      });
    }).finally(() => sending.delete(sent));
    sending.add(sent);
  };
  const lines = new MetricLines({
    tags: settings.RUNTIME_STATS_DATADOG_TAGS ?? [],
    packetBytes: settings.RUNTIME_STATS_DATADOG_PACKETSIZE,
    send,
  });
  const timer = setInterval(() => lines.flush(), settings.RUNTIME_STATS_DATADOG_FLUSHINTERVAL).unref();
  let closed: Promise<void> | undefined;
  const close = async () => {
    clearInterval(timer);
    lines.flush();
    await Promise.race([Promise.all(sending), setTimeout(LAST_PACKETS_MS)]);
    socket.close();
  };
  return { stats: lines, close: () => (closed ??= close()) };
}
