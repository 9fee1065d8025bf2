import { readdirSync, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { convert } from "../../src/graph/convert.js";

const fixtures = new URL("../fixtures/dot/", import.meta.url);
const names = readdirSync(fixtures)
  .filter((name) => name.endsWith(".log"))
  .map((name) => name.slice(0, -4));

async function graphOf(digest: Buffer): Promise<string> {
  const { body } = convert(Readable.from([digest]), {
    maxDigestBytes: 1e9,
    signal: new AbortController().signal,
    beforeEnd: () => Promise.resolve(),
  });
  return gunzipSync(await buffer(body)).toString();
}

describe("golden pairs", () => {
  test.for(names)("%s", async (name) => {
    const digest = readFileSync(new URL(`${name}.log`, fixtures));
    const dot = readFileSync(new URL(`${name}.dot`, fixtures), "utf8");
    expect(await graphOf(digest)).toBe(dot);
    expect(await graphOf(gzipSync(digest))).toBe(dot);
  });
});
