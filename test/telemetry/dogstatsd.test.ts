import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createDogstatsd, dogstatsdSettings } from "../../src/telemetry/dogstatsd.js";
import { type Logger, silent } from "../../src/telemetry/log.js";
import { startStatsd, type Statsd } from "../support/statsd.js";

let server: Statsd;
let output: ReturnType<typeof createDogstatsd> | undefined;

beforeEach(async () => {
  server = await startStatsd();
});
afterEach(async () => {
  await output?.close();
  await server.close();
});

const schema = z.object(dogstatsdSettings);

function sent(kind: string) {
  return server.metrics.filter(({ tags }) => tags[0] === `kind:${kind}`);
}

function start(env: z.input<typeof schema>, log: Logger = silent) {
  output = createDogstatsd(schema.parse({ RUNTIME_STATS_DATADOG_ADDRESS: server.address, ...env }), log);
  return output;
}

describe("what is sent", () => {
  test("are counts, gauges and distributions, with tags", async () => {
    const { stats } = start({ RUNTIME_STATS_DATADOG_TAGS: "env:test, team:net" });
    stats.increment("a.count", 2, { kind: "x" });
    stats.increment("a.count", 3, { kind: "x" });
    stats.gauge("a.gauge", 1.5);
    stats.distribution("a.distribution", 7, { kind: "y" });
    await output?.close();
    await expect.poll(() => server.metrics).toHaveLength(3);
    const common = ["env:test", "team:net"];
    expect(server.metrics).toEqual(
      expect.arrayContaining([
        { name: "a.count", value: 5, type: "c", tags: expect.arrayContaining([...common, "kind:x"]) },
        { name: "a.gauge", value: 1.5, type: "g", tags: common },
        { name: "a.distribution", value: 7, type: "d", tags: expect.arrayContaining([...common, "kind:y"]) },
      ]),
    );
  });

  test("a tag of a metric's own takes the place of one of all metrics, and breaks no line", async () => {
    const { stats } = start({ RUNTIME_STATS_DATADOG_TAGS: "kind:all" });
    stats.increment("a.count", 1, { kind: "x|y,z\n" });
    await output?.close();
    await expect.poll(() => server.metrics).toHaveLength(1);
    expect(server.metrics[0]?.tags).toEqual(["kind:x_y_z_"]);
  });

  test("is the sum of a count until it is sent, for each name and its tags", async () => {
    const { stats } = start({ RUNTIME_STATS_DATADOG_FLUSHINTERVAL: "20ms" });
    stats.increment("a.count", 1);
    await expect.poll(() => server.metrics).toHaveLength(1);
    for (const kind of ["x", "y", "x"]) stats.increment("a.count", 4, { kind });
    await expect.poll(() => server.metrics).toHaveLength(3);
    expect(server.metrics).toEqual([
      { name: "a.count", value: 1, type: "c", tags: [] },
      { name: "a.count", value: 8, type: "c", tags: ["kind:x"] },
      { name: "a.count", value: 4, type: "c", tags: ["kind:y"] },
    ]);
  });

  test("is every value of a distribution, or of very many enough to tell how many there were", async () => {
    const { stats } = start({ RUNTIME_STATS_DATADOG_PACKETSIZE: "1432" });
    for (let n = 0; n < 2000; n++) stats.distribution("a.distribution", n, { kind: "many" });
    for (let n = 0; n < 100; n++) stats.distribution("a.distribution", n, { kind: "few" });
    await output?.close();
    await expect.poll(() => sent("few")).toHaveLength(100);
    expect(sent("few").some(({ rate }) => rate !== undefined)).toBe(false);
    expect(sent("many").length).toBeLessThan(1000);
    const told = sent("many").reduce((sum, { rate = 1 }) => sum + 1 / rate, 0);
    // Ten times the standard deviation of what is drawn.
    expect(Math.abs(told - 2000)).toBeLessThan(1500);
  });

  test("comes in packets of the size that was chosen", async () => {
    const { stats } = start({ RUNTIME_STATS_DATADOG_PACKETSIZE: "512" });
    for (let n = 0; n < 200; n++) stats.distribution("a.distribution", n, { kind: String(n % 2) });
    await output?.close();
    await expect.poll(() => server.metrics).toHaveLength(200);
    expect(Math.max(...server.packets)).toBeLessThanOrEqual(512);
    // Each is filled before the next is begun.
    expect(server.packets.length).toBeLessThan(20);
  });

  test("waits no longer than the flush interval", async () => {
    const { stats } = start({ RUNTIME_STATS_DATADOG_FLUSHINTERVAL: "20ms" });
    stats.increment("a.count", 1);
    stats.distribution("a.distribution", 1);
    await expect.poll(() => server.metrics).toHaveLength(2);
  });
});

test("a packet that can't be sent costs nothing but a line in the log now and then", async () => {
  const lines: unknown[] = [];
  const log: Logger = { ...silent, warn: (...line: unknown[]) => void lines.push(line) };
  const { stats } = start({ RUNTIME_STATS_DATADOG_PACKETSIZE: "65507" }, log);
  // More than UDP can carry.
  for (let n = 0; n < 10; n++) stats.distribution("x".repeat(70_000), n);
  await output?.close();
  expect(lines).toEqual([
    [{ reason: expect.stringContaining("EMSGSIZE"), failures: expect.any(Number) }, "stats-failure"],
  ]);
});

test("a server that isn't there keeps nobody waiting at the end", async () => {
  await server.close();
  const { stats } = start({ RUNTIME_STATS_DATADOG_FLUSHINTERVAL: "1ms" });
  for (let n = 0; n < 10_000; n++) stats.distribution("a.distribution", n);
  await output?.close();
  server = await startStatsd();
});

describe("settings", () => {
  test.each([
    ["RUNTIME_STATS_DATADOG_ADDRESS", "localhost"],
    ["RUNTIME_STATS_DATADOG_ADDRESS", "localhost:0"],
    ["RUNTIME_STATS_DATADOG_ADDRESS", "localhost:65536"],
    ["RUNTIME_STATS_DATADOG_TAGS", "a|b"],
    ["RUNTIME_STATS_DATADOG_TAGS", "a\nb"],
    ["RUNTIME_STATS_DATADOG_PACKETSIZE", "100000"],
    ["RUNTIME_STATS_DATADOG_FLUSHINTERVAL", "0"],
  ])("%s=%j is refused", (name, value) => {
    expect(schema.safeParse({ [name]: value }).success).toBe(false);
  });

  test.each([
    ["env:test,team:net", ["env:test", "team:net"]],
    ["env:test team:net", ["env:test", "team:net"]],
    [" env:test , team:net  a:b ", ["env:test", "team:net", "a:b"]],
    ['""', []],
    [",", []],
  ])("the tags %j are %j", (RUNTIME_STATS_DATADOG_TAGS, tags) => {
    expect(schema.parse({ RUNTIME_STATS_DATADOG_TAGS })).toMatchObject({ RUNTIME_STATS_DATADOG_TAGS: tags });
  });

  test("IPv6 addresses are written in brackets", () => {
    const { RUNTIME_STATS_DATADOG_ADDRESS: address } = schema.parse({
      RUNTIME_STATS_DATADOG_ADDRESS: "[::1]:8125",
    });
    expect(address).toEqual({ host: "::1", port: 8125 });
  });
});
