import { readFileSync } from "node:fs";
import { parser } from "@prometheus-io/lezer-promql";
import { expect, test } from "vitest";
import { z } from "zod";
import { loadConfig } from "../src/compose/config.js";
import { silent } from "../src/telemetry/log.js";
import { metricDescriptions } from "../src/telemetry/prometheus-metrics.js";
import { createStats } from "../src/telemetry/stats-output.js";
import { parseExposition } from "./support/exposition.js";

const Dashboard = z.object({
  templating: z.object({ list: z.array(z.object({ type: z.string(), query: z.string() })) }),
  panels: z.array(
    z.object({ id: z.int(), title: z.string(), targets: z.array(z.object({ expr: z.string() })).min(1) }),
  ),
});

const file = new URL("../examples/grafana-dashboard.json", import.meta.url);
const { panels, templating } = Dashboard.parse(JSON.parse(readFileSync(file, "utf8")));
const config = loadConfig({ RUNTIME_STATS_OUTPUT: "PROMETHEUS" });

/** Every name that a query may ask for. */
async function exported(): Promise<Set<string>> {
  const { exposition } = await createStats(config, silent);
  const families = parseExposition((await exposition?.text()) ?? "");
  const names = [...families.values()].flatMap(({ name, type }) =>
    type === "histogram" ? ["bucket", "sum", "count"].map((end) => `${name}_${end}`) : [name],
  );
  return new Set(names);
}

/** The parts of these kinds of a query, by Prometheus' own grammar. What Grafana fills in is filled in. */
function parts(query: string, ...kinds: string[]): string[] {
  const text = query.replaceAll("$__rate_interval", "5m");
  const found: string[] = [];
  parser.parse(text).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) throw new SyntaxError(`no PromQL at ${from}: ${text}`);
      if (kinds.includes(type.name)) found.push(text.slice(from, to));
    },
  });
  return found;
}

const queries = panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const));

test.for(queries)("%s: the query asks for metrics and labels that there are: %s", async ([, query]) => {
  const names = await exported();
  const asked = parts(query, "Identifier");
  expect(asked.length).toBeGreaterThan(0);
  for (const name of asked) expect(names).toContain(name);

  const { counters, gauges, histograms } = metricDescriptions(config);
  const known = [...counters, ...gauges, ...histograms]
    .filter(({ name }) => asked.some((each) => each.replace(/_(?:bucket|sum|count)$/, "") === name))
    .flatMap(({ labels }) => labels);
  const own = ["instance", ...(asked.some((name) => name.endsWith("_bucket")) ? ["le"] : [])];
  for (const label of parts(query, "LabelName")) expect([...known, ...own]).toContain(label);
});

test("a query that asks for something else, or is none, is noticed", async () => {
  expect(await exported()).not.toContain(parts("rate(vpcflow_grapherd_jobs[5m])", "Identifier")[0]);
  expect(parts('sum by (a) (x{b="c"})', "Identifier", "LabelName")).toEqual(["a", "x", "b"]);
  expect(() => parts("sum(rate(x[5m])")).toThrow("no PromQL");
});

test("the process is chosen among those that a metric tells of", async () => {
  const [query = ""] = templating.list.flatMap((each) => (each.type === "query" ? [each.query] : []));
  const [, name] = /^label_values\((\w+), instance\)$/.exec(query) ?? [];
  expect(await exported()).toContain(name);
});

test("each panel has a number of its own, and every metric but the digester's bytes is on one", async () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const shown = queries.flatMap(([, query]) => parts(query, "Identifier")).join(" ");
  const { counters, gauges, histograms } = metricDescriptions(config);
  const missing = [...counters, ...gauges, ...histograms]
    .map(({ name }) => name)
    .filter((name) => !shown.includes(name));
  expect(missing).toEqual([
    "vpcflow_grapherd_digest_bytes_total",
    "vpcflow_grapherd_digest_scanned_bytes_total",
    "vpcflow_grapherd_http_connections_total",
  ]);
});
