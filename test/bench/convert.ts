// The converter of digests as a process of its own, bundled so that no compiling is measured: `convert DIGEST`.
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { convert } from "../../src/graph/convert.js";

const [, , path = ""] = process.argv;

const digest = createReadStream(path, { highWaterMark: 256 * 1024 });
const output = createWriteStream("/dev/null", { highWaterMark: 1024 * 1024 });
const { signal } = new AbortController();
const { body } = convert(digest, { maxDigestBytes: 2 ** 33, signal });
await pipeline(body, output);
