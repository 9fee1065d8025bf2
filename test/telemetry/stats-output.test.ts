import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadConfig } from "../../src/compose/config.js";
import { silent } from "../../src/telemetry/log.js";
import { createStats } from "../../src/telemetry/stats-output.js";
import { startStatsd, type Statsd } from "../support/statsd.js";

let server: Statsd;

beforeEach(async () => {
  server = await startStatsd();
});
afterEach(() => server.close());

async function report(name: string, output: string): Promise<string | undefined> {
  const config = loadConfig({ RUNTIME_STATS_OUTPUT: output, RUNTIME_STATS_DATADOG_ADDRESS: server.address });
  const { stats, exposition, close } = await createStats(config, silent);
  stats.gauge(name, 1);
  await close?.();
  return exposition?.text();
}

test("statistics go where the setting says, and nowhere else", async () => {
  for (const output of ["NULL", "NULLSTAT", "PROMETHEUS"]) await report("elsewhere", output);
  // Whatever had been sent before this would have come before it.
  expect(await report("here", "DATADOG")).toBeUndefined();
  await expect.poll(() => server.metrics).toEqual([{ name: "here", value: 1, type: "g", tags: [] }]);

  const gauge = "grapherd.process.event_loop_utilization";
  expect(await report(gauge, "PROMETHEUS")).toContain("\nvpcflow_grapherd_event_loop_utilization_ratio 1\n");
});

test("any other place is refused", () => {
  expect(() => loadConfig({ RUNTIME_STATS_OUTPUT: "STDOUT" })).toThrow(
    'RUNTIME_STATS_OUTPUT: expected "DATADOG", "PROMETHEUS", "NULL" or "NULLSTAT"',
  );
});

test("the client of Prometheus is loaded by those who chose it alone", () => {
  const root = fileURLToPath(new URL("../../src", import.meta.url));
  const importers = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .filter((path) =>
      /from "(?:prom-client|.*\/prometheus\.js)"/.test(readFileSync(`${root}/${path}`, "utf8")),
    );
  expect(importers).toEqual(["telemetry/prometheus.ts"]);
});
