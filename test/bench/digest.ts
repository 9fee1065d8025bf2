// The sums of flow logs wherever they are, as a process of its own, bundled so that no compiling is measured:
// `digest START STOP`, with DIGESTER_ENDPOINT and what else is set in the environment.
import { DirectorySource } from "../../src/digester/flow-logs/directory.js";
import { FlowLogDigester } from "../../src/digester/flow-logs/flow-log-digester.js";
import type { Digester } from "../../src/digester/digester.js";
import { DEFAULT_FORMAT } from "../../src/flow-log/fields.js";
import { TimeWindow } from "../../src/window.js";

const [, , start = "", stop = ""] = process.argv;
const endpoint = process.env["DIGESTER_ENDPOINT"] ?? "";

/** Of a directory there is nothing to set, as there is nothing that DuckDB is told. */
async function digesterOf(): Promise<Digester> {
  if (!endpoint.startsWith("file:")) return (await import("./set-digester.js")).setDigester();
  return new FlowLogDigester({
    source: new DirectorySource(endpoint.slice("file:".length)),
    format: { fields: DEFAULT_FORMAT, others: [], addresses: "interface" },
    keysInMemory: 2_000_000,
  });
}

const digester = await digesterOf();
const digest = await digester.digest(TimeWindow.parse(start, stop), new AbortController().signal);
let rows = 0;
if (!("edges" in digest)) throw new Error("expected edges, got lines");
for await (const batch of digest.edges) rows += batch.rows;
await digester.stop?.();
if (rows === 0) throw new Error("expected edges, got none");
