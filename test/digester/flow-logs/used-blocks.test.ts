import { createHash } from "node:crypto";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { UsedBlocks } from "../../../src/digester/flow-logs/used-blocks.js";
import { TimeWindow } from "../../../src/window.js";
import { bodyOf } from "../../support/digest-body.js";
import { digesterOf, directoryOf } from "./digesting.js";

const NEVER = new AbortController().signal;
const BLOCK = 256 * 1024;

/** Some blocks long, and a bit, no two of them the same. */
const content = Buffer.from(
  Array.from(
    { length: 15_000 },
    (_, n) =>
      `2 123456789010 eni-${n % 97} 10.0.${n >> 8}.${n & 255} 10.1.0.1 40000 443 6 3 ${300 + n} 1418530010 1418530070 ACCEPT OK\n`,
  ).join(""),
);

test("a stream reads into the blocks that it is given back, and into no others", async () => {
  const path = join(directoryOf({ "a.log": content }), "a.log");
  const blocks = new UsedBlocks();
  for (const givenBack of [true, false]) {
    const memory = new Set<ArrayBufferLike>();
    const hash = createHash("sha256");
    for await (const block of blocks.open(Buffer.from(path), NEVER)) {
      hash.update(block);
      memory.add(block.buffer);
      if (givenBack) blocks.keep(block.fill(0));
    }
    expect(hash.digest("hex")).toBe(createHash("sha256").update(content).digest("hex"));
    const all = Math.ceil(content.length / BLOCK);
    if (givenBack) expect(memory.size).toBeLessThan(all);
    else expect(memory.size).toBe(all);
  }
});

/** A digest of one file, which is the same each time. */
async function sums(name: string, bytes: Buffer): Promise<string> {
  const digester = digesterOf(directoryOf({ [name]: bytes }));
  const window = TimeWindow.parse("2014-12-14T04:00:00Z", "2014-12-14T05:00:00Z");
  const first = await text(bodyOf(await digester.digest(window, NEVER)));
  expect(await text(bodyOf(await digester.digest(window, NEVER)))).toBe(first);
  return first;
}

test("what is read twice from used blocks is what one reading in memory gives", async () => {
  expect(await sums("a.log", content)).toBe(await sums("a.log.gz", gzipSync(content)));
});
