import { z } from "zod";
import { TimeWindow } from "../../../src/window.js";
import { ServiceProcess } from "../../support/service-process.js";
import { type Comparison, figure, type Measures } from "../compare.js";
import type { BenchData } from "../data.js";
import { latencies } from "../latencies.js";
import { WINDOW } from "../make-records.js";
import { duckDB } from "../peers.js";
import { makeGraph, storedAt } from "../service.js";

const HEALTHY_MS = 50;
const window = TimeWindow.parse(WINDOW.start, WINDOW.stop);

/** Questions about a stored graph, to a service that has just begun, and once it knows the graph. */
export async function* views(data: BenchData): AsyncGenerator<Comparison> {
  const { directory } = await data.gz();
  const forms = { Parquet: await data.directory("views-parquet"), DOT: await data.directory("views-dot") };
  await makeGraph(data, directory, forms.Parquet);
  await makeGraph(data, directory, forms.DOT, { GRAPH_EDGES: "none" });
  const table = storedAt(forms.Parquet, "parquet");
  yield {
    title: "questions about a stored graph",
    contenders: [
      { name: "of its Parquet", measure: () => questions(forms.Parquet) },
      { name: "of its DOT", measure: () => questions(forms.DOT) },
      ...duckDB(
        `select srcaddr, dstaddr, protocol, server, sum(bytes), sum(packets), sum(flows) from '${table}' group by all`,
      ),
    ],
    goals: [
      ...(
        [
          ["view, first s", "of its Parquet", 2.5],
          ["view, again s", "of its Parquet", 0.3],
          ["findings s", "of its Parquet", 3],
          ["MB above idle", "of its Parquet", 300],
          ["view, first s", "of its DOT", 5],
        ] as const
      ).map(([measure, name, atMost]) => ({
        what: `${measure.replace(/ s$/, "")} ${name}${measure.endsWith(" s") ? ", s" : ""}`,
        of: figure(measure, name),
        atMost,
      })),
      {
        what: "/healthcheck within 50 ms during questions, %",
        of: figure("health ≤ 50 ms, %", "of its Parquet"),
        atLeast: 99,
      },
    ],
  };
}

export async function questions(dataDir: string): Promise<Measures> {
  const service = await ServiceProcess.start({
    GRAPH_DATA_DIR: dataDir,
    VIEW_MAX_EDGES: "100000000",
    VIEW_CACHE_BYTES: String(4 * 1024 ** 3),
  });
  try {
    const idle = await service.resources();
    const over = new AbortController();
    const asking = latencies(service.url, "GET", "/healthcheck", over.signal);
    const ask = async (path: string, more: Record<string, string> = {}): Promise<number> => {
      const { start, stop } = window;
      const asked = performance.now();
      const url = `${service.url}${path}?${new URLSearchParams({ start, stop, ...more }).toString()}`;
      const answer = await fetch(url);
      await answer.arrayBuffer();
      if (answer.status !== 200) throw new Error(`${url}: expected 200, got ${answer.status}`);
      return (performance.now() - asked) / 1000;
    };
    const first = await ask("/graph", { group: "auto", top: "100" });
    const { peakRss } = await service.resources();
    const { cpuSeconds: cpuOfFirst } = await service.resources();
    const again = await ask("/graph", { group: "auto", top: "50" });
    const byNetwork = await ask("/graph", { group: "24", top: "50" });
    const findings = await ask("/graph/findings");
    over.abort();
    const healths = await asking;
    const edges = await edgesOf(service);
    const { cpuSeconds } = await service.resources();
    await service.stop();
    return {
      edges,
      "view, first s": first,
      "view, again s": again,
      "view of 10,000 links s": byNetwork,
      "findings s": findings,
      "CPU s": cpuSeconds - idle.cpuSeconds,
      "first, CPU µs an edge": (1e6 * (cpuOfFirst - idle.cpuSeconds)) / edges,
      "MB above idle": (peakRss - idle.peakRss) / 1e6,
      "health ≤ 50 ms, %": (100 * healths.filter((ms) => ms <= HEALTHY_MS).length) / healths.length,
    };
  } finally {
    await service.kill();
  }
}

async function edgesOf(service: ServiceProcess): Promise<number> {
  const answer = await service.fetch("/graphs");
  return List.parse(await answer.json()).graphs[0]?.edges ?? Number.NaN;
}

const List = z.object({ graphs: z.array(z.object({ edges: z.number() })) });
