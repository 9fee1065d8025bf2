import { z } from "zod";
import { boolean } from "../settings.js";
import type { ConnectionStateSettings } from "./connection-states.js";
import { createDogstatsd, dogstatsdSettings } from "./dogstatsd.js";
import type { Logger } from "./log.js";
import { metricDescriptions } from "./prometheus-metrics.js";
import { noStats, type StatsOutput } from "./stats.js";

export const statsSettings = {
  RUNTIME_STATS_OUTPUT: z
    .enum(
      ["NULL", "NULLSTAT", "DATADOG", "PROMETHEUS"],
      'expected "DATADOG", "PROMETHEUS", "NULL" or "NULLSTAT"',
    )
    .default("DATADOG")
    .describe(
      "where metrics go: `DATADOG`, a DogStatsD server over UDP; `PROMETHEUS`, which reads them at `/metrics`; `NULL` (or `NULLSTAT`), nowhere",
    ),
  RUNTIME_STATS_PROMETHEUS_OPEN: boolean
    .prefault("false")
    .describe(
      "with RUNTIME_STATS_OUTPUT=PROMETHEUS. true: `/metrics` needs no token. false: it needs a token of API_TOKENS, if there are any",
    ),
  ...dogstatsdSettings,
};
type StatsSettings = z.infer<z.ZodObject<typeof statsSettings>>;

export async function createStats(
  settings: StatsSettings & ConnectionStateSettings,
  log: Logger,
): Promise<StatsOutput> {
  if (settings.RUNTIME_STATS_OUTPUT === "DATADOG") return createDogstatsd(settings, log);
  if (settings.RUNTIME_STATS_OUTPUT !== "PROMETHEUS") return { stats: noStats };
  // Loaded by those who chose it alone.
  const { createPrometheus } = await import("./prometheus.js");
  return createPrometheus(metricDescriptions(settings));
}
