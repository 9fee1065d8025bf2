import { connect } from "node:net";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digestOf } from "../support/deployment.js";
import { startDigesterd, type Digesterd } from "../support/digesterd.js";
import { parseExposition, valueOf } from "../support/exposition.js";
import { nthHour } from "../support/graph-id.js";
import { ServiceProcess } from "../support/service-process.js";
import { startStatsd, type Statsd } from "../support/statsd.js";
import { temporaryDir, type TemporaryDir } from "../support/temporary-dir.js";

let dir: TemporaryDir;
let digesterd: Digesterd;
let statsd: Statsd;
let service: ServiceProcess;

beforeEach(async () => {
  dir = await temporaryDir();
  digesterd = await startDigesterd("");
  statsd = await startStatsd();
  service = await ServiceProcess.start({
    GRAPH_DATA_DIR: dir.path,
    DIGESTER_ENDPOINT: digesterd.server.url.href,
    DIGESTER_POLLING_INTERVAL: "10",
    RUNTIME_STATS_DATADOG_ADDRESS: statsd.address,
    RUNTIME_STATS_DATADOG_FLUSHINTERVAL: "20ms",
    RUNTIME_CONNSTATE_REPORTINTERVAL: "20ms",
    RUNTIME_CONNSTATE_IDLEGAUGE: "my.idle",
  });
});
afterEach(async () => {
  await service.stop();
  await digesterd.server.close();
  await statsd.close();
  await dir.remove();
});

/** The sum of a count so far, over the series that have these tags. */
function count(name: string, ...tags: string[]): number {
  return statsd.metrics
    .filter((metric) => metric.name === name && tags.every((tag) => metric.tags.includes(tag)))
    .reduce((sum, { value }) => sum + value, 0);
}

/** The last value of a gauge. */
function gauge(name: string): number | undefined {
  return statsd.metrics.findLast((metric) => metric.name === name)?.value;
}

test("a request and its job can be followed in the statistics", async () => {
  const window = nthHour(0);
  digesterd.body = digestOf(window.start);
  await service.post(window);
  const { edges, gzipBytes } = await service.event("job-finished");
  await service.get(window);
  await service.fetch("/nowhere/at/all");
  await service.stop();

  await expect.poll(() => count("grapherd.process.memory.rss")).toBeGreaterThan(0);
  const requests = (...tags: string[]) => count("grapherd.http.requests", ...tags);
  expect(requests("route:/graph", "method:POST", "status_class:2xx")).toBe(1);
  expect(requests("route:/graph", "method:GET", "status_class:2xx")).toBe(1);
  expect(requests("route:/produce", "method:POST", "status_class:2xx")).toBe(1);
  expect(requests("route:none", "method:GET", "status_class:4xx")).toBe(1);
  expect(count("grapherd.jobs", "outcome:stored")).toBe(1);
  expect(count("grapherd.digest.records", "kind:edge")).toBe(edges);
  expect(count("grapherd.digest.bytes")).toBe(Buffer.byteLength(digestOf(window.start)));
  expect(count("grapherd.graph.bytes")).toBe(gzipBytes);
  const calls = (...tags: string[]) => count("grapherd.dependency.calls", ...tags);
  expect(calls("dependency:digester", "operation:digest", "outcome:ok")).toBe(1);
  expect(calls("dependency:storage", "operation:store", "outcome:ok")).toBe(1);
  expect(calls("dependency:queuer", "operation:queue", "outcome:ok")).toBe(1);
  expect(calls("dependency:marker", "operation:create", "outcome:ok")).toBe(1);
  expect(calls("dependency:marker", "operation:list", "outcome:ok")).toBeGreaterThan(0);

  const types = new Map(statsd.metrics.map(({ name, type }) => [name, type]));
  for (const name of ["http.duration", "job.duration", "dependency.duration"]) {
    expect(types.get(`grapherd.${name}`)).toBe("d");
  }
  for (const name of ["process.event_loop_delay.p99", "process.memory.heap_used", "jobs.in_process"]) {
    expect(types.get(`grapherd.${name}`)).toBe("g");
  }
  // Nothing that callers choose becomes a series.
  const tags = new Set(statsd.metrics.flatMap((metric) => metric.tags));
  expect([...tags].filter((tag) => /nowhere|2019/.test(tag))).toEqual([]);
});

test("connections are counted and gauged in their states, under the names that were chosen", async () => {
  const socket = connect(Number(new URL(service.url).port), "127.0.0.1");
  await expect.poll(() => gauge("http.server.connstate.new.gauge")).toBe(1);
  socket.write("GET /healthcheck HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(socket, "data");
  await expect.poll(() => gauge("my.idle")).toBe(1);
  expect(gauge("http.server.connstate.new.gauge")).toBe(0);
  socket.destroy();
  await expect.poll(() => gauge("my.idle")).toBe(0);
  for (const state of ["new", "active", "idle", "closed"]) {
    await expect.poll(() => count(`http.server.connstate.${state}`)).toBe(1);
  }
  expect(gauge("http.server.connstate.idle.gauge")).toBeUndefined();
});

test("the executable lets Prometheus read them, with a token unless told otherwise", async () => {
  for (const [open, status] of [
    ["false", 401],
    ["true", 200],
  ] as const) {
    const watched = await ServiceProcess.start({
      GRAPH_DATA_DIR: dir.path,
      DIGESTER_ENDPOINT: digesterd.server.url.href,
      RUNTIME_STATS_OUTPUT: "PROMETHEUS",
      RUNTIME_STATS_PROMETHEUS_OPEN: open,
      API_TOKENS: "a-token",
    });
    expect((await watched.fetch("/metrics")).status).toBe(status);
    const answer = await watched.fetch("/metrics", { headers: { authorization: "Bearer a-token" } });
    const families = parseExposition(await answer.text());
    expect(valueOf(families, "vpcflow_grapherd_jobs_total", { outcome: "stored" })).toBe(0);
    await watched.stop();
  }
});
