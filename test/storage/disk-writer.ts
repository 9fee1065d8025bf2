import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { DiskStorage } from "../../src/storage/disk.js";
import { graphId } from "../support/graph-id.js";
import { unfenced } from "../support/store-options.js";

/** Replaces one graph for ever: 200 pieces of 1,000 bytes that all hold the same number. Ends with its parent. */
const storage = new DiskStorage({ dir: process.argv[2] ?? "", staleMs: 60_000 });
await storage.start();
process.on("disconnect", () => process.exit());
process.send?.("ready");
for (let n = 0; ; n = (n + 1) % 256) {
  const bytes = Buffer.alloc(1000, n);
  await storage.store(
    graphId(1),
    Readable.from(Array(200).fill(bytes)),
    unfenced(new AbortController().signal),
  );
  await setTimeout(0);
}
