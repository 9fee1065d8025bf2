// The sums of flow logs in a directory or a bucket, as a process of its own, bundled so that no compiling is measured:
// `digest START STOP`, with DIGESTER_ENDPOINT, and the store's URL, in the environment.
import { DirectorySource } from "../../src/digester/flow-logs/directory.js";
import { FlowLogDigester } from "../../src/digester/flow-logs/flow-log-digester.js";
import type { Source } from "../../src/digester/flow-logs/source.js";
import { DEFAULT_FORMAT } from "../../src/flow-log/fields.js";
import { TimeWindow } from "../../src/window.js";

const [, , start = "", stop = ""] = process.argv;
const [scheme, place = ""] = process.env["DIGESTER_ENDPOINT"]?.split(/:(?:\/\/)?(.*)/) ?? [];

/** There is nothing more to set, as there is nothing that DuckDB is told. */
async function sourceOf(): Promise<Source> {
  if (scheme === "s3") return (await import("./bucket-source.js")).bucketSource(place);
  return new DirectorySource(place);
}

const digester = new FlowLogDigester({
  source: await sourceOf(),
  format: { fields: DEFAULT_FORMAT, others: [], addresses: "interface" },
  keysInMemory: 2_000_000,
});
const digest = await digester.digest(TimeWindow.parse(start, stop), new AbortController().signal);
let rows = 0;
for await (const batch of digest.edges) rows += batch.rows;
await digester.stop();
if (rows === 0) throw new Error("expected edges, got none");
