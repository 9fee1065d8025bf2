// A digest of flow logs wherever they are, as a process of its own, of built code: `digest-endpoint.mjs START STOP`, with
// DIGESTER_ENDPOINT and what else is set in the environment.
import { createWriteStream } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { createDigester, digesterSettings } from "../../dist/digester/index.js";
import { TimeWindow } from "../../dist/window.js";

const [, , start, stop] = process.argv;
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

const settings = z.object(digesterSettings).parse(process.env);
const digester = createDigester(settings, { maxBytes: Number.MAX_SAFE_INTEGER, client: undefined });
const { body } = await digester.digest(TimeWindow.parse(start, stop), new AbortController().signal);
await pipeline(body, createWriteStream("/dev/null", { highWaterMark: 1024 * 1024 }));
await digester.stop();

const report = {
  peakRssBytes: process.resourceUsage().maxRSS * 1024,
  loopP99Ms: delay.percentile(99) / 1e6,
  loopMaxMs: delay.max / 1e6,
};
console.error(JSON.stringify(report));
