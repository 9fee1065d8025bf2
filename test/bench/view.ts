import { converse } from "../../src/view/converse.js";
import { VIEW_FORMATS } from "../../src/view/format/formats.js";
import { parseGrouping } from "../../src/view/grouping.js";
import { Hosts, NO_NAMES } from "../../src/view/hosts.js";
import { viewOf } from "../../src/view/view.js";
import { parseWhere } from "../../src/view/where.js";
import { madeEdges } from "./view-edges.js";

/** What a view costs without reading its graph: so many edges among so many hosts, made beforehand. */
const [edges = 1_000_000, hosts = 100_000] = process.argv.slice(2).map(Number);
const WINDOW = { start: "2024-06-01T00:00:00Z", stop: "2024-06-01T01:00:00Z" };
const batches = [...madeEdges(edges, hosts)];

async function* stream() {
  yield* batches;
}

async function measured<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  globalThis.gc?.();
  const before = process.memoryUsage();
  const start = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  const result = await work();
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  const { user, system } = process.cpuUsage(cpu);
  globalThis.gc?.();
  const after = process.memoryUsage();
  const bytes = after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed;
  console.log(
    `${what.padEnd(44)} ${ms.toFixed(0).padStart(6)} ms, CPU ${((user + system) / 1000).toFixed(0).padStart(6)} ms ${(bytes / 2 ** 20).toFixed(0).padStart(5)} MiB kept`,
  );
  return result;
}

console.log(`${edges} edges of ${hosts} hosts`);
for (let round = 0; round < 2; round++) {
  const graph = await measured("converse", () => converse(stream()));
  console.log(`  ${graph.size} conversations, ${graph.loggedTwice} logged twice`);
  const hosts = new Hosts(graph, NO_NAMES);
  for (const [where, group, top] of [
    ["", "auto", 100],
    ["", "host", 100],
    ["port:22 -from:internet", "24", 100],
    ["action:reject", "vpc", undefined],
  ] as const) {
    const view = await measured(`group=${group} top=${top} where=${where}`, () =>
      viewOf(
        { window: WINDOW, graph, names: NO_NAMES, hosts, incomplete: false },
        {
          where: parseWhere(where),
          whereText: where,
          grouping: parseGrouping(group) ?? { by: "auto" },
          around: undefined,
          hops: 1,
          top,
          by: "bytes",
        },
      ),
    );
    await measured("  as JSON", async () => {
      let length = 0;
      for await (const piece of VIEW_FORMATS["json"]?.write(view) ?? []) length += piece.length;
      return length;
    });
  }
}
