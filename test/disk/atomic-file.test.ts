import { randomBytes } from "node:crypto";
import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeWhole } from "../../src/disk/atomic-file.js";
import { type TemporaryDir, temporaryDir } from "../support/temporary-dir.js";

const KIB = 1024;

let dir: TemporaryDir;

beforeAll(async () => {
  dir = await temporaryDir();
});

afterAll(() => dir.remove());

test.for([
  { of: "no piece", sizes: [] },
  { of: "small pieces", sizes: [1, 0, 100, 7] },
  { of: "pieces that fill a block", sizes: [100 * KIB, 156 * KIB, 1] },
  { of: "pieces that don't fit into one block", sizes: [200 * KIB, 200 * KIB, 56 * KIB, 200 * KIB] },
  { of: "pieces as large as a block, and larger", sizes: [3, 256 * KIB, 256 * KIB + 1, 5, 600 * KIB, 0, 9] },
])("a body of $of is written as it is", async ({ sizes }) => {
  const pieces = sizes.map((size) => randomBytes(size));
  const path = join(dir.path, "whole");
  const temporary = join(dir.path, "temporary");
  const putInPlace = () => rename(temporary, path);
  const { signal } = new AbortController();
  await writeWhole({ path, temporary }, Readable.from(pieces), signal, putInPlace, (done) => done);
  expect((await readFile(path)).equals(Buffer.concat(pieces))).toBe(true);
});
