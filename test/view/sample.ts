import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { EdgeBatch } from "../../src/edges/table.js";
import { dotToEdges } from "../../src/graph/dot-to-edges.js";
import { TimeWindow } from "../../src/window.js";
import { digesterOf } from "../digester/flow-logs/digesting.js";
import { toDot } from "../graph/to-dot.js";
import { bodyOf } from "../support/digest-body.js";

const DIRECTORY = fileURLToPath(new URL("../fixtures/flow-logs", import.meta.url));
const SAMPLE_WINDOW = TimeWindow.parse("2024-06-01T23:00:00Z", "2024-06-02T01:00:00Z");

/** The edges of the sample flow logs, as its DOT tells them. */
export async function* sampleEdges(window = SAMPLE_WINDOW): AsyncGenerator<EdgeBatch> {
  const digest = await digesterOf(DIRECTORY).digest(window, new AbortController().signal);
  const { dot } = toDot(await text(bodyOf(digest)));
  yield* dotToEdges({ mayMergeAddresses: false })(Readable.from([Buffer.from(dot)]));
}
