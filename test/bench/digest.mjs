// The digester of flow logs as a process of its own, of built code so that no compiling is measured: `digest.mjs DIRECTORY`.
import { z } from "zod";
import { DirectorySource } from "../../dist/digester/flow-logs/directory.js";
import { FlowLogDigester } from "../../dist/digester/flow-logs/flow-log-digester.js";
import { flowLogOptions, flowLogSettings } from "../../dist/digester/flow-logs/settings.js";
import { TimeWindow } from "../../dist/window.js";
import "./report.mjs";

const [, , directory] = process.argv;

const source = new DirectorySource(directory);
const digester = new FlowLogDigester({ source, ...flowLogOptions(z.object(flowLogSettings).parse({})) });
const window = TimeWindow.parse("2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z");
const { edges } = await digester.digest(window, new AbortController().signal);
let rows = 0;
for await (const batch of edges) rows += batch.rows;
process.stderr.write(`${rows} edges\n`);
