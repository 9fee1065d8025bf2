// The sums of flow logs wherever they are, as a process of its own, bundled so that no compiling is measured:
// `digest START STOP`, with DIGESTER_ENDPOINT and what else is set in the environment.
import { z } from "zod";
import { createDigester, digesterSettings } from "../../src/digester/index.js";
import { TimeWindow } from "../../src/window.js";

const [, , start = "", stop = ""] = process.argv;

const settings = z.object(digesterSettings).parse(process.env);
const digester = createDigester(settings, { maxBytes: Number.MAX_SAFE_INTEGER, client: undefined });
const digest = await digester.digest(TimeWindow.parse(start, stop), new AbortController().signal);
let rows = 0;
if (!("edges" in digest)) throw new Error("expected edges, got lines");
for await (const batch of digest.edges) rows += batch.rows;
await digester.stop?.();
if (rows === 0) throw new Error("expected edges, got none");
