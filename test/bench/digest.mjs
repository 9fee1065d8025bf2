// The sums of flow logs wherever they are, as a process of its own, of built code so that no compiling is measured:
// `digest.mjs START STOP`, with DIGESTER_ENDPOINT and what else is set in the environment.
import { z } from "zod";
import { createDigester, digesterSettings } from "../../dist/digester/index.js";
import { TimeWindow } from "../../dist/window.js";

const [, , start, stop] = process.argv;

const settings = z.object(digesterSettings).parse(process.env);
const digester = createDigester(settings, { maxBytes: Number.MAX_SAFE_INTEGER, client: undefined });
const { edges } = await digester.digest(TimeWindow.parse(start, stop), new AbortController().signal);
let rows = 0;
for await (const batch of edges) rows += batch.rows;
await digester.stop?.();
if (rows === 0) throw new Error("expected edges, got none");
