import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { loadConfig } from "../../src/compose/config.js";
import { silent } from "../../src/telemetry/log.js";
import { metricDescriptions } from "../../src/telemetry/prometheus-metrics.js";
import { createStats } from "../../src/telemetry/stats-output.js";
import { TimeWindow } from "../../src/window.js";
import { graphOf, LINE, serve } from "../http/serving.js";
import { parseExposition, valueOf } from "../support/exposition.js";

const window = TimeWindow.parse("2019-06-01T00:00:00Z", "2019-06-01T01:00:00Z");

async function serveMetrics(env: Record<string, string> = {}) {
  const config = loadConfig({ RUNTIME_STATS_OUTPUT: "PROMETHEUS", ...env });
  const { stats, exposition } = await createStats(config, silent);
  if (exposition === undefined) throw new Error("expected statistics that can be asked for");
  const metrics = { ...exposition, open: config.RUNTIME_STATS_PROMETHEUS_OPEN };
  const serving = await serve({}, {}, { stats, metrics, connectionStates: config });
  const scrape = async () => {
    const { status, headers, body } = await serving.call("GET", "/metrics");
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    return parseExposition(body.toString());
  };
  return { ...serving, scrape };
}

test("GET /metrics tells of a request and its job, and of the process", async () => {
  const { call, scrape } = await serveMetrics({ RUNTIME_CONNSTATE_REPORTINTERVAL: "10ms" });
  const before = await scrape();
  expect(valueOf(before, "vpcflow_grapherd_jobs_total", { outcome: "stored" })).toBe(0);
  expect(valueOf(before, "vpcflow_grapherd_jobs_total", { outcome: "failed" })).toBe(0);

  await call("POST", graphOf(window));
  await expect.poll(async () => (await call("GET", graphOf(window))).status).toBe(200);
  const after = await scrape();
  const value = (name: string, labels = {}) => valueOf(after, `vpcflow_grapherd_${name}`, labels);
  expect(value("jobs_total", { outcome: "stored" })).toBe(1);
  expect(value("http_requests_total", { route: "/graph", method: "POST", status_class: "2xx" })).toBe(1);
  expect(value("digest_bytes_total")).toBe(LINE.length);
  expect(value("digest_records_total", { kind: "edge" })).toBe(1);
  expect(value("job_edges_sum")).toBe(1);
  const digest = { dependency: "digester", operation: "digest", outcome: "ok" };
  expect(value("dependency_calls_total", digest)).toBe(1);
  expect(value("dependency_duration_seconds_count", digest)).toBe(1);
  // Milliseconds would be beyond the largest bucket.
  expect(value("job_duration_seconds_bucket", { le: "3600" })).toBe(1);
  expect(value("job_duration_seconds_sum")).toBeLessThan(3600);

  for (const name of ["process_resident_memory_bytes", "nodejs_eventloop_lag_p99_seconds"]) {
    expect(valueOf(after, name), name).toBeGreaterThan(0);
  }
  // The callers' connections, which are kept.
  const idle = async () => valueOf(await scrape(), "vpcflow_grapherd_http_connections", { state: "idle" });
  await expect.poll(idle).toBeGreaterThan(0);
  expect(value("http_connections_total", { state: "new" })).toBeGreaterThan(0);
});

test("nothing that callers choose becomes a label", async () => {
  const { call, scrape } = await serveMetrics();
  for (const path of ["/nowhere/at/all", "/graph?start=nowhere", "/metrics/nowhere"]) await call("GET", path);
  await call("POST", "/nowhere/event", { body: "{}" });
  const labels = [...(await scrape()).values()].flatMap(({ samples }) => samples.map((each) => each.labels));
  expect(labels).toContainEqual({ route: "none", method: "GET", status_class: "4xx" });
  expect(JSON.stringify(labels)).not.toContain("nowhere");
});

test("without PROMETHEUS there is no such route, and a topic may still have its name", async () => {
  const { call } = await serve();
  expect((await call("GET", "/metrics")).message).toBe((await call("GET", "/nothing")).message);
  for (const { call: each } of [await serve(), await serveMetrics()]) {
    const { status, message } = await each("POST", "/metrics/event", { body: "{}" });
    expect([status, message]).toEqual([400, expect.stringContaining("id")]);
  }
});

const { counters, gauges, histograms } = metricDescriptions(loadConfig({}));

test("names and labels are as Prometheus wants them", () => {
  const all = [...counters, ...gauges, ...histograms];
  for (const { name, help } of all) {
    expect(name).toMatch(/^vpcflow_grapherd_[a-z_]+$/);
    expect(help).toMatch(/^[A-Z].*[^.]$/);
  }
  for (const { name } of counters) expect(name).toMatch(/_total$/);
  for (const { name, buckets } of histograms) {
    expect(name).not.toMatch(/_total$/);
    expect(buckets.toSorted((a, b) => a - b)).toEqual(buckets);
  }
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});

test("every statistic that the code keeps is among the metrics, but for what Node tells of every process", () => {
  const root = fileURLToPath(new URL("../../src", import.meta.url));
  const code = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => readFileSync(`${root}/${path}`, "utf8"))
    .join("\n");
  const kept = [...code.matchAll(/\.(increment|gauge|distribution)\(\s*"(.*?)"/g)].map(
    ([, kind = "", name = ""]) => `${kind} ${name}`,
  );
  const known = Object.entries({ increment: counters, gauge: gauges, distribution: histograms }).flatMap(
    ([kind, all]) => all.flatMap(({ of }) => Object.keys(of)).map((name) => `${kind} ${name}`),
  );
  const own = known.filter((each) => !each.includes("connstate"));
  const nodes = /^gauge grapherd\.process\.(?:event_loop_delay|memory)\./;
  expect([...new Set(kept.filter((each) => !nodes.test(each)))].toSorted()).toEqual(own.toSorted());
});
