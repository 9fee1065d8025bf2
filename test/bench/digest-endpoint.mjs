// A digest of flow logs wherever they are, as a process of its own, of built code: `digest-endpoint.mjs START STOP`, with
// DIGESTER_ENDPOINT and what else is set in the environment.
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { createDigester, digesterSettings } from "../../dist/digester/index.js";
import { TimeWindow } from "../../dist/window.js";
import "./report.mjs";

const [, , start, stop] = process.argv;

const settings = z.object(digesterSettings).parse(process.env);
const digester = createDigester(settings, { maxBytes: Number.MAX_SAFE_INTEGER, client: undefined });
const { body } = await digester.digest(TimeWindow.parse(start, stop), new AbortController().signal);
await pipeline(body, createWriteStream("/dev/null", { highWaterMark: 1024 * 1024 }));
await digester.stop();
