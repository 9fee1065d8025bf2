// A graph on disk read back, as a process of its own, bundled: `read-edges DATA_DIR START STOP`.
import { openGraph } from "../../src/answer/open-graph.js";
import { readGraph } from "../../src/answer/read-graph.js";
import { DiskStorage } from "../../src/storage/disk.js";
import { TimeWindow } from "../../src/window.js";

const [, , dir = "", start = "", stop = ""] = process.argv;

const storage = new DiskStorage({ dir, staleMs: 60_000 });
const { id } = TimeWindow.parse(start, stop);
const { signal } = new AbortController();
const graph = await openGraph(storage, id, signal);
if (graph === undefined) throw new Error(`expected the graph ${id} in ${dir}`);
const edges = await readGraph(graph.bytes, { signal });
let rows = 0;
for await (const batch of edges.batches) rows += batch.rows;
await graph.close();
if (rows === 0) throw new Error("expected edges, got none");
