import { readdirSync, readFileSync } from "node:fs";
import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { CorruptInputError, DependencyError } from "../../src/errors.js";
import { convert, type ConversionOptions } from "../../src/graph/convert.js";

const LINE =
  "2 123456789010 eni-abc123de 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK\n";

function conversionOf(digest: Readable, options: Partial<ConversionOptions> = {}) {
  return convert(digest, {
    maxDigestBytes: 1e9,
    signal: new AbortController().signal,
    ...options,
  });
}

/** A digest that has begun and never ends. */
function hangingDigest(): PassThrough {
  const digest = new PassThrough();
  digest.write(LINE);
  return digest;
}

describe("golden pairs", () => {
  const fixtures = new URL("../fixtures/dot/", import.meta.url);
  const names = readdirSync(fixtures)
    .filter((name) => name.endsWith(".log"))
    .map((name) => name.slice(0, -4));

  test.for(names)("%s", async (name) => {
    const digest = readFileSync(new URL(`${name}.log`, fixtures));
    const dot = readFileSync(new URL(`${name}.dot`, fixtures), "utf8");
    for (const bytes of [digest, gzipSync(digest)]) {
      const { body } = conversionOf(Readable.from([bytes]));
      expect(gunzipSync(await buffer(body)).toString()).toBe(dot);
    }
  });
});

test("the same digest gives the same gzip", async () => {
  const lines = Array.from({ length: 5000 }, (_, i) => LINE.replace("139", String(i % 256)));
  const whole = await buffer(conversionOf(Readable.from([Buffer.from(lines.join(""))])).body);
  const cut = await buffer(conversionOf(Readable.from(lines.map((line) => Buffer.from(line)))).body);
  expect(cut.equals(whole)).toBe(true);
});

test("the stats are final when the body has ended", async () => {
  const { body, stats } = conversionOf(Readable.from([Buffer.from(LINE)]));
  const bytes = await buffer(body);
  expect(stats).toMatchObject({ edges: 1, nodes: 2, gzipBytes: bytes.length });
});

describe("tearing down", () => {
  test("a malformed line destroys the digest", async () => {
    const digest = hangingDigest();
    const { body } = conversionOf(digest);
    digest.write("<html>\n");
    await expect(buffer(body)).rejects.toThrow(CorruptInputError);
    expect(digest.destroyed).toBe(true);
  });

  test.for([
    ["plain", Buffer.from(LINE)],
    ["gzip", gzipSync(LINE).subarray(0, 30)],
  ] as const)("the digest's own error is the body's: %s", async ([, bytes]) => {
    const digest = new PassThrough();
    digest.write(bytes);
    const { body } = conversionOf(digest);
    const cut = new DependencyError("digester", "connection reset");
    const failed = expect(buffer(body)).rejects.toBe(cut);
    digest.destroy(cut);
    await failed;
  });

  test("an abort ends both, though the digest hangs", async () => {
    const digest = hangingDigest();
    const controller = new AbortController();
    const { body } = conversionOf(digest, { signal: controller.signal });
    const failed = expect(buffer(body)).rejects.toMatchObject({ name: "AbortError", cause: "stopping" });
    controller.abort("stopping");
    await failed;
    expect(digest.destroyed).toBe(true);
  });

  test.for([
    ["plain", LINE],
    ["gzip", gzipSync(LINE)],
  ] as const)("a store that fails destroys the digest, though it hangs: %s", async ([, bytes]) => {
    const digest = new PassThrough();
    digest.write(bytes);
    const { body } = conversionOf(digest);
    const full = new DependencyError("storage", "disk full");
    const stored = pipeline(body, async () => {
      throw full;
    });
    await expect(stored).rejects.toBe(full);
    if (!digest.destroyed) await once(digest, "close");
    expect(digest.destroyed).toBe(true);
  });
});

test("a bomb of valid lines stops at the limit, in bounded memory", async () => {
  const member = gzipSync(LINE.repeat(100_000));
  let members = 0;
  const bomb = Readable.from(
    (function* () {
      for (; members < 1000; members++) yield member;
    })(),
  );
  const before = process.memoryUsage().rss;
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 5);
  const { body, stats } = conversionOf(bomb, { maxDigestBytes: 50_000_000 });
  await expect(buffer(body)).rejects.toThrow(/at most 50000000 bytes \(DIGEST_MAX_BYTES\)/);
  clearInterval(watch);
  expect(stats.edges).toBeGreaterThan(400_000);
  expect(members).toBeLessThan(50);
  // The 500,000 lines are 50 MB, and 200 MB of DOT.
  expect(peak - before).toBeLessThan(150e6);
});
