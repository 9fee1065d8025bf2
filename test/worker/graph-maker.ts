import { setTimeout } from "node:timers/promises";
import { uninterrupted } from "../../src/deadline.js";
import { makeGraph } from "../../src/worker/make-graph.js";
import { nthHour } from "../support/graph-id.js";
import { someEdges } from "../support/some-edges.js";
import { storageAt } from "./storage-at.js";

/** Makes one graph with its edges for ever, the n-th time of edges that all carry n packets. Ends with its parent. */
const storage = storageAt(process.argv[2] ?? "");
await storage.start?.();
process.on("disconnect", () => process.exit());
process.send?.("ready");
for (let making = 1; ; making++) {
  await makeGraph(nthHour(0), { edges: someEdges(making, 5000) }, storage, {
    signal: uninterrupted(),
    beforeCommit: async () => undefined,
    maxDigestBytes: 1,
    keepEdges: true,
  });
  await setTimeout(0);
}
