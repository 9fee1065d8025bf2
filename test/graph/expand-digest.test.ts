import { gunzipSync, gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CorruptInputError, DependencyError } from "../../src/errors.js";
import { expandDigest } from "../../src/graph/expand-digest.js";

const TEXT = Buffer.from("some lines\nof a digest\n".repeat(10));

async function* chunksOf(bytes: Buffer, size = bytes.length): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function expanded(source: AsyncIterable<Buffer>, maxBytes = 1e9): Promise<Buffer> {
  const chunks = [];
  for await (const chunk of expandDigest(maxBytes)(source)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe("whole input", () => {
  const members = fc.array(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    { maxLength: 4 },
  );
  const size = fc.integer({ min: 1, max: 300 });

  test("plain passes through, whatever it is", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), size, async (bytes, size) => {
        const plain = Buffer.from(bytes);
        fc.pre(!(plain[0] === 0x1f && plain[1] === 0x8b));
        expect(await expanded(chunksOf(plain, size))).toEqual(plain);
      }),
    );
  });

  test("gzip of any number of members is expanded", async () => {
    await fc.assert(
      fc.asyncProperty(members, size, async (members, size) => {
        const gzip = Buffer.concat(members.map((member) => gzipSync(member)));
        expect(await expanded(chunksOf(gzip, size))).toEqual(Buffer.concat(members));
      }),
    );
  });
});

test.for([1, 10, 100_000, 3_000_000])("%d zeros after the last member are padding", async (zeros) => {
  for (const members of [1, 2]) {
    const gzip = gzipSync(TEXT);
    const padded = Buffer.concat([...Array.from({ length: members }, () => gzip), Buffer.alloc(zeros)]);
    for (const size of [zeros > 1000 ? 65_536 : 1, gzip.length, padded.length]) {
      expect(await expanded(chunksOf(padded, size))).toEqual(Buffer.concat(Array(members).fill(TEXT)));
    }
  }
});

describe("corrupt input", () => {
  const gzip = gzipSync(TEXT);

  test("gzip cut anywhere", async () => {
    for (let length = 2; length < gzip.length; length++) await failure(gzip.subarray(0, length));
    expect(await failure(gzip.subarray(0, -1))).toMatchObject({
      message: "the digest: expected complete and undamaged gzip, got an error: unexpected end of file",
      cause: { code: "Z_BUF_ERROR" },
    });
  });

  test("a second member cut anywhere", async () => {
    for (let length = 1; length < gzip.length; length++) {
      await failure(Buffer.concat([gzip, gzip.subarray(0, length)]));
    }
  });

  test("a wrong checksum", async () => {
    const wrong = Buffer.from(gzip);
    wrong.writeUInt32LE(1, wrong.length - 8);
    expect(await failure(wrong)).toMatchObject({
      message: expect.stringContaining("incorrect data check"),
      cause: { code: "Z_DATA_ERROR" },
    });
  });

  test("a wrong length", async () => {
    const wrong = Buffer.from(gzip);
    wrong.writeUInt32LE(1, wrong.length - 4);
    await failure(wrong);
  });

  test.for([
    ["text", TEXT],
    ["a zero before another member", Buffer.concat([Buffer.alloc(1), gzip])],
    ["many zeros before a byte", Buffer.concat([Buffer.alloc(3_000_000), Buffer.of(1)]), 65_536],
    ["a cut magic number", gzip.subarray(0, 1)],
  ] as const)("%s after the last member", async ([what, rest, size = 1]) => {
    const error = await failure(Buffer.concat([gzip, rest]), size);
    if (what === "a cut magic number") return;
    expect(error).toMatchObject({
      message: "the digest: expected complete and undamaged gzip, got other bytes after its end",
    });
  });
});

describe("the limit", () => {
  test.for([
    ["plain", TEXT],
    ["gzip", gzipSync(TEXT)],
  ] as const)("holds for %s, to the byte", async ([, bytes]) => {
    expect(await expanded(chunksOf(bytes), TEXT.length)).toEqual(TEXT);
    await expect(expanded(chunksOf(bytes), TEXT.length - 1)).rejects.toThrow(
      new CorruptInputError(
        `expected a digest of at most ${TEXT.length - 1} bytes (DIGEST_MAX_BYTES), got a larger one`,
        { tooLarge: true },
      ),
    );
  });

  test("stops a bomb early: what can't be read any more isn't expanded, nor is more asked of the source", async () => {
    const member = gzipSync(Buffer.alloc(10_000_000, "a"));
    let asked = 0;
    async function* bomb(): AsyncGenerator<Buffer> {
      for (;;) {
        asked++;
        yield member;
      }
    }
    let bytes = 0;
    await expect(async () => {
      for await (const chunk of expandDigest(20_000_000)(bomb())) bytes += chunk.length;
    }).rejects.toThrow(/DIGEST_MAX_BYTES/);
    expect(bytes).toBeLessThanOrEqual(20_000_000);
    // The three members that make up the limit, and what zlib's stream buffers: at most 16 KiB before it is full.
    expect(asked).toBeLessThanOrEqual(3 + Math.ceil(16_384 / member.length) + 2);
    expect(gunzipSync(member)).toHaveLength(10_000_000);
  });
});

describe("the source", () => {
  test.for([
    ["plain", TEXT],
    ["gzip", gzipSync(TEXT)],
  ] as const)("has its error passed on: %s", async ([, bytes]) => {
    const error = new DependencyError("digester", "cut off");
    async function* cut(): AsyncGenerator<Buffer> {
      yield bytes.subarray(0, 20);
      throw error;
    }
    await expect(expanded(cut())).rejects.toBe(error);
  });

  test.for([
    ["plain", TEXT],
    ["gzip", gzipSync(TEXT)],
  ] as const)("is let go when the reader stops: %s", async ([, bytes]) => {
    const letGo = new Promise((resolve) => {
      async function* endless(): AsyncGenerator<Buffer> {
        try {
          for (;;) yield bytes;
        } finally {
          resolve("let go");
        }
      }
      readOne(expandDigest(1e9)(endless())).catch(resolve);
    });
    expect(await letGo).toBe("let go");
  });
});

async function readOne(chunks: AsyncGenerator<Buffer>): Promise<void> {
  await chunks.next();
  await chunks.return(undefined);
}

/** How it fails, in chunks of any size. */
async function failure(bytes: Buffer, least = 1): Promise<unknown> {
  const errors = await Promise.all(
    [least, 7 * least, bytes.length].map((size) =>
      expanded(chunksOf(bytes, size)).catch((error: unknown) => error),
    ),
  );
  for (const error of errors) expect(error).toBeInstanceOf(CorruptInputError);
  return errors[0];
}
