// A graph on disk read back, as a process of its own, of built code: `read-edges.mjs DATA_DIR START STOP`.
import { DiskStorage } from "../../dist/storage/disk.js";
import { TimeWindow } from "../../dist/window.js";
import { openEdges } from "../../dist/worker/open-edges.js";

const [, , dir, start, stop] = process.argv;

const storage = new DiskStorage({ dir, staleMs: 60_000 });
const { id } = TimeWindow.parse(start, stop);
const edges = await openEdges(storage, id, new AbortController().signal);
if (edges === undefined) throw new Error(`expected the graph ${id} in ${dir}`);
let rows = 0;
for await (const batch of edges.batches()) rows += batch.rows;
await edges.close();
if (rows === 0) throw new Error("expected edges, got none");
