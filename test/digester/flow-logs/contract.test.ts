import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { bodyOf } from "../../support/digest-body.js";
import { TimeWindow } from "../../../src/window.js";
import { testDigester } from "../../contract/digester.js";
import { digesterOf, directoryOf } from "./digesting.js";
import { digesterOf as fromS3, keyOf, startS3 } from "./from-s3.js";

const WINDOW = TimeWindow.parse("2014-12-14T04:00:00Z", "2014-12-14T05:00:00Z");
const RECORDS = Array.from({ length: 20_000 }, (_, n) => {
  return `2 123456789010 eni-abc123de 10.0.${n >> 8}.${n & 255} 10.1.0.1 40000 443 6 3 300 1418530010 1418530070 ACCEPT OK\n`;
}).join("");

let known: Promise<string> | undefined;

/** Made once. Its content is held against others elsewhere. */
function digestOfRecords(): Promise<string> {
  known ??= digesterOf(directoryOf({ "flow.log.gz": gzipSync(RECORDS) }))
    .digest(WINDOW, new AbortController().signal)
    .then(bodyOf)
    .then(text);
  return known;
}

for (const [memory, keysInMemory] of [
  ["in memory", 1_000_000],
  ["spilling", 1000],
] as const) {
  testDigester(`FlowLogDigester, ${memory}`, async () => {
    const directory = directoryOf({ "flow.log.gz": gzipSync(RECORDS) });
    const digester = digesterOf(directory, { keysInMemory });
    return {
      digester,
      window: WINDOW,
      digest: await digestOfRecords(),
      contain: ({ logs }) => writeFile(join(directory, "flow.log.gz"), gzipSync(logs)),
      breakSource: () => writeFile(join(directory, "flow.log.gz"), gzipSync(RECORDS).subarray(0, -1)),
      close: () => rm(directory, { recursive: true }),
    };
  });
}

testDigester("FlowLogDigester, from S3", async () => {
  const key = keyOf("2014-12-14T04:05");
  const server = await startS3();
  server.bucket("logs").put(key, gzipSync(RECORDS));
  // Spread over more objects than are fetched at once, all read for nothing.
  for (let n = 0; n < 20; n++)
    server.bucket("logs").put(keyOf("2014-12-14T04:10", { hash: `${n}` }), gzipSync(""));
  return {
    digester: fromS3(server),
    window: WINDOW,
    digest: await digestOfRecords(),
    contain: ({ logs, window }) => {
      for (const stored of server.bucket("logs").keys()) server.bucket("logs").delete(stored);
      server.bucket("logs").put(keyOf(`${window.start.slice(0, 10)}T04:05`), gzipSync(logs));
    },
    breakSource: () => void server.bucket("logs").put(key, gzipSync(RECORDS).subarray(0, -1)),
    close: () => undefined,
  };
});
