// Asks for graphs over and over and prints how much the service holds: `npm run soak -- MINUTES`, 10 unless told.
import { setTimeout as sleep } from "node:timers/promises";
import { TimeWindow } from "../../src/window.js";
import { SAMPLE_WINDOW } from "../make-sample-flow-logs.js";
import { ServiceProcess } from "../support/service-process.js";
import { temporaryDir } from "../support/temporary-dir.js";

const minutes = Number(process.argv[2] ?? 10);
const SAMPLES = 10;
const window = TimeWindow.parse(SAMPLE_WINDOW.start, SAMPLE_WINDOW.stop);

const dir = await temporaryDir();
const service = await ServiceProcess.start(
  { GRAPH_DATA_DIR: dir.path, DIGESTER_ENDPOINT: "file:test/fixtures/flow-logs" },
  ["--expose-gc", "--import", new URL("../support/heap-report.mjs", import.meta.url).href],
);

const megabytes = (bytes: unknown) => `${(Number(bytes) / 1e6).toFixed(1)} MB`;

/** One graph as a caller has it made, a wrong request, and a look at it in both forms. */
async function turn(): Promise<void> {
  const asked = await service.post(window, "&refresh=true");
  if (asked.status !== 202) throw new Error(`POST: expected 202, got ${asked.status}`);
  await (await service.fetch("/graph?start=yesterday")).text();
  const { start, stop } = window;
  const job = JSON.stringify({ id: window.id, start, stop });
  for (;;) {
    // 503 while the first job holds the claim.
    const { status } = await service.fetch("/produce", { method: "POST", body: job });
    if (status === 204) break;
    await sleep(20);
  }
  for (const encoding of ["gzip", "identity"]) {
    const graph = await service.fetch(`/graph?${new URLSearchParams({ start, stop }).toString()}`, {
      headers: { "accept-encoding": encoding },
    });
    if (!(await graph.text()).startsWith("digraph {"))
      throw new Error(`GET: expected a graph, got ${graph.status}`);
  }
}

try {
  let turns = 0;
  for (let sample = 0; sample <= SAMPLES; sample++) {
    const { rss, descriptors } = await service.resources();
    const claims = (await dir.contents()).names.filter((name) => name.endsWith("_in_progress")).length;
    service.signal("SIGUSR2");
    const heap = await service.event("heap", { sample });
    console.log(
      [
        `${((sample * minutes) / SAMPLES).toFixed(1)} min: ${turns} graphs`,
        `${megabytes(rss)} resident`,
        `${megabytes(heap["heapUsed"])} of objects, ${megabytes(heap["external"])} outside`,
        `${descriptors} descriptors`,
        `${claims} claims`,
      ].join(", "),
    );
    if (sample === SAMPLES) break;
    const until = performance.now() + (minutes / SAMPLES) * 60_000;
    for (; performance.now() < until; turns++) await turn();
  }
  await service.stop();
} finally {
  await service.kill();
  await dir.remove();
}
