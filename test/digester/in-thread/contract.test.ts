import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { ThreadedDigester } from "../../../src/digester/in-thread/threaded-digester.js";
import { DEFAULT_FORMAT } from "../../../src/flow-log/fields.js";
import { TimeWindow } from "../../../src/window.js";
import { testDigester } from "../../contract/digester.js";
import { bodyOf } from "../../support/digest-body.js";
import { digesterOf, directoryOf } from "../flow-logs/digesting.js";

const WINDOW = TimeWindow.parse("2014-12-14T04:00:00Z", "2014-12-14T05:00:00Z");
/** Its DOT is large even when it is compressed: it can't all be on its way at once. */
const RECORDS = Array.from({ length: 50_000 }, (_, n) => {
  const [one, other] = [(n * 2_654_435_761) % 2 ** 32, (n * 40_503 + 7) % 65_536];
  const source = [1, one >>> 24, (one >>> 16) & 255, (one >>> 8) & 255].join(".");
  return `2 123456789010 eni-abc123de ${source} 10.1.${other >> 8}.${other & 255} 40000 443 6 ${one % 9973} ${one} 1418530010 1418530070 ACCEPT OK\n`;
}).join("");

testDigester("ThreadedDigester", async () => {
  const directory = directoryOf({ "flow.log.gz": gzipSync(RECORDS) });
  const digest = await digesterOf(directory).digest(WINDOW, new AbortController().signal);
  return {
    digester: new ThreadedDigester({
      place: { kind: "directory", path: directory },
      options: { format: { fields: DEFAULT_FORMAT, addresses: "interface" }, keysInMemory: 1_000_000 },
    }),
    window: WINDOW,
    digest: await text(bodyOf(digest)),
    contain: ({ logs }) => writeFile(join(directory, "flow.log.gz"), gzipSync(logs)),
    breakSource: () => writeFile(join(directory, "flow.log.gz"), gzipSync(RECORDS).subarray(0, -1)),
    close: () => rm(directory, { recursive: true }),
  };
});
